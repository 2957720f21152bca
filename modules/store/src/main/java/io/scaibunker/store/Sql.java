package io.scaibunker.store;

import io.vertx.core.Future;
import io.vertx.sqlclient.Row;
import io.vertx.sqlclient.RowSet;
import io.vertx.sqlclient.SqlClient;
import io.vertx.sqlclient.Tuple;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Runs one statement whose parameters are named, as in {@code WHERE id = :id}, and says failures in the platform's
 * words.
 */
final class Sql {
    /** A name behind a single colon; {@code ::text} is a cast. */
    private static final Pattern NAME = Pattern.compile("(?<!:):([a-zA-Z_]+)");

    private Sql() {}

    static Future<RowSet<Row>> run(SqlClient client, String statement, Map<String, ? extends @Nullable Object> values) {
        List<@Nullable Object> inOrder = new ArrayList<>();
        List<String> names = new ArrayList<>();
        StringBuilder text = new StringBuilder();
        Matcher matcher = NAME.matcher(statement);
        while (matcher.find()) {
            String name = matcher.group(1);
            if (!values.containsKey(name)) {
                throw new IllegalArgumentException("no value for :" + name);
            }
            if (!names.contains(name)) {
                names.add(name);
                inOrder.add(values.get(name));
            }
            matcher.appendReplacement(text, "\\$" + (names.indexOf(name) + 1));
        }
        matcher.appendTail(text);
        return client.preparedQuery(text.toString())
                .execute(Tuple.wrap(inOrder))
                .recover(thrown -> Future.failedFuture(Troubles.of(thrown)));
    }

    /** All rows, read by {@code reader}. */
    static <T> Future<List<T>> list(
            SqlClient client,
            String statement,
            Map<String, ? extends @Nullable Object> values,
            Function<Row, T> reader) {
        return run(client, statement, values).map(rows -> {
            List<T> read = new ArrayList<>(rows.size());
            rows.forEach(row -> read.add(reader.apply(row)));
            return read;
        });
    }

    /** The only row, if there is one. */
    static <T> Future<Optional<T>> one(
            SqlClient client,
            String statement,
            Map<String, ? extends @Nullable Object> values,
            Function<Row, T> reader) {
        return list(client, statement, values, reader).map(read -> read.stream().findFirst());
    }

    /** Whether the statement changed anything. */
    static Future<Boolean> moved(SqlClient client, String statement, Map<String, ? extends @Nullable Object> values) {
        return run(client, statement, values).map(rows -> rows.rowCount() > 0);
    }
}
