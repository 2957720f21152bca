package io.scaibunker.store;

import io.scaibunker.model.Digest;
import io.scaibunker.model.ImageId;
import io.scaibunker.model.WorkerId;
import io.vertx.core.Future;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import io.vertx.sqlclient.Row;
import io.vertx.sqlclient.SqlClient;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Table {@code artifacts}: what a bake made. Images with equal fingerprints share one. */
public final class Artifacts {
    /**
     * @param fingerprint names the input: source digest, size and writer
     * @param digest of the file's table ({@code ImageTable})
     */
    public record Artifact(
            String fingerprint,
            Digest sourceDigest,
            Digest digest,
            long sizeBytes,
            long allocatedBytes,
            long entries) {}

    /**
     * @param segments lowest layer first
     * @param more how many are not among {@code segments}
     */
    public record Layout(List<Segment> segments, int more) {}

    /**
     * One layer's data in an image.
     *
     * @param diffId empty where nobody claims one
     * @param hiddenBytes what of it is not in this image
     * @param reused whether it was on the worker before the bake
     * @param sharedWith how many other images have it; not kept but counted when read, up to {@link #SHARED_MAX}
     */
    public record Segment(Optional<Digest> diffId, long bytes, long hiddenBytes, boolean reused, int sharedWith) {}

    /** What is counted of those that share a layer; a base that everybody has must not make a page slow. */
    public static final int SHARED_MAX = 1000;

    /** An artifact without segments is one row without one. */
    private static final String LAID = """
            SELECT a.segments_more, s.at, s.part->>'diff_id' AS diff_id, (s.part->>'bytes')::bigint AS bytes,
                   (s.part->>'hidden_bytes')::bigint AS hidden_bytes, (s.part->>'reused')::boolean AS reused,
                   (SELECT count(*)::int FROM (
                       SELECT 1 FROM artifacts other JOIN images i ON i.fingerprint = other.fingerprint
                        WHERE s.part->>'diff_id' IS NOT NULL
                          AND other.segments @> jsonb_build_array(jsonb_build_object('diff_id', s.part->'diff_id'))
                          AND i.id <> self.id AND i.status = 'active' AND %s
                        LIMIT :most) shared) AS shared_with
              FROM images self
              JOIN artifacts a ON a.fingerprint = self.fingerprint
              LEFT JOIN LATERAL jsonb_array_elements(a.segments) WITH ORDINALITY AS s(part, at) ON true
             WHERE self.id = :image AND a.segments IS NOT NULL
             ORDER BY s.at
            """.formatted(Images.SEEN);

    private Artifacts() {}

    /** What was made of a fingerprint, if anything was. */
    public static Future<Optional<Artifact>> find(SqlClient sql, String fingerprint) {
        return Sql.one(
                sql,
                """
                SELECT fingerprint, source_digest, digest, size_bytes, allocated_bytes, entries
                  FROM artifacts WHERE fingerprint = :fingerprint
                """,
                Map.of("fingerprint", fingerprint),
                row -> new Artifact(
                        row.getString("fingerprint"),
                        new Digest(row.getString("source_digest")),
                        new Digest(row.getString("digest")),
                        row.getLong("size_bytes"),
                        row.getLong("allocated_bytes"),
                        row.getLong("entries")));
    }

    /** What images of this source take on disk, where one was made of it before. */
    public static Future<Optional<Long>> allocatedBytes(SqlClient sql, Digest source) {
        return Sql.one(
                sql,
                "SELECT max(allocated_bytes) AS bytes FROM artifacts WHERE source_digest = :source HAVING count(*) > 0",
                Map.of("source", source.text()),
                row -> row.getLong("bytes"));
    }

    /**
     * Keeps what the first bake of a fingerprint made, and tells the image which fingerprint is its own. What another bake made of
     * it takes that place only when nobody has the first any more.
     *
     * @return what is kept: the first, unless it is this one
     */
    public static Future<Digest> record(SqlClient sql, ImageId imageId, WorkerId bakedBy, Artifact made) {
        Values values = Values.of("fingerprint", made.fingerprint())
                .and("source", made.sourceDigest().text())
                .and("digest", made.digest().text())
                .and("size", made.sizeBytes())
                .and("allocated", made.allocatedBytes())
                .and("entries", made.entries())
                .and("worker", bakedBy.value())
                .and("image", imageId.value());
        return Sql.run(sql, """
                        WITH kept AS (
                            INSERT INTO artifacts (fingerprint, source_digest, digest, size_bytes, allocated_bytes, entries,
                                                   baked_by)
                            VALUES (:fingerprint, :source, :digest, :size, :allocated, :entries, :worker)
                            ON CONFLICT (fingerprint) DO NOTHING)
                        UPDATE images SET fingerprint = :fingerprint
                         WHERE id = :image AND fingerprint IS DISTINCT FROM :fingerprint
                        """, values)
                .compose(done -> kept(sql, values))
                .compose(kept -> kept.equals(made.digest())
                        ? Future.succeededFuture(kept)
                        : replaceLost(sql, values).map(replaced -> replaced ? made.digest() : kept));
    }

    /** Who records the same waits from here on, and then sees what this transaction has made ready. */
    private static Future<Digest> kept(SqlClient sql, Values values) {
        return Sql.one(
                        sql,
                        "SELECT digest FROM artifacts WHERE fingerprint = :fingerprint FOR NO KEY UPDATE",
                        values,
                        row -> new Digest(row.getString("digest")))
                .map(Optional::orElseThrow);
    }

    private static Future<Boolean> replaceLost(SqlClient sql, Values values) {
        return Sql.moved(sql, """
                UPDATE artifacts a
                   SET digest = :digest, size_bytes = :size, allocated_bytes = :allocated, entries = :entries,
                       baked_by = :worker
                 WHERE a.fingerprint = :fingerprint
                   AND NOT EXISTS (SELECT 1 FROM image_cache c WHERE c.artifact_digest = a.digest AND c.status = 'ready')
                """, values);
    }

    /** How the baker has laid it out; the first one told is kept. */
    public static Future<Boolean> layOut(SqlClient sql, String fingerprint, Digest digest, Layout layout) {
        JsonArray segments = new JsonArray();
        layout.segments()
                .forEach(segment -> segments.add(new JsonObject()
                        .put("diff_id", segment.diffId().map(Digest::text).orElse(null))
                        .put("bytes", segment.bytes())
                        .put("hidden_bytes", segment.hiddenBytes())
                        .put("reused", segment.reused())));
        return Sql.moved(
                sql,
                """
                UPDATE artifacts SET segments = :segments, segments_more = :more
                 WHERE fingerprint = :fingerprint AND digest = :digest AND segments IS NULL
                """,
                Values.of("fingerprint", fingerprint)
                        .and("digest", digest.text())
                        .and("segments", segments)
                        .and("more", layout.more()));
    }

    /** How the image's artifact is laid out; empty where there is none, or nobody told. */
    public static Future<Optional<Layout>> layout(SqlClient sql, Viewer viewer, ImageId imageId) {
        return Sql.list(
                        sql,
                        LAID,
                        viewer.values().and("image", imageId.value()).and("most", SHARED_MAX),
                        row -> new Read(
                                row.getInteger("segments_more"),
                                Optional.ofNullable(row.getLong("at")).map(at -> segment(row))))
                .map(rows -> rows.isEmpty()
                        ? Optional.empty()
                        : Optional.of(new Layout(
                                rows.stream()
                                        .flatMap(read -> read.segment().stream())
                                        .toList(),
                                rows.getFirst().more())));
    }

    private record Read(int more, Optional<Segment> segment) {}

    private static Segment segment(Row row) {
        return new Segment(
                Optional.ofNullable(row.getString("diff_id")).map(Digest::new),
                row.getLong("bytes"),
                row.getLong("hidden_bytes"),
                row.getBoolean("reused"),
                row.getInteger("shared_with"));
    }

    /**
     * Pins an image to the digest that its reference named when the first worker asked.
     *
     * @return the digest that is pinned, this one or an earlier one; empty if there is no such image
     */
    public static Future<Optional<Digest>> pin(SqlClient sql, ImageId imageId, Digest found) {
        return Sql.one(
                sql,
                """
                UPDATE images SET manifest_digest = coalesce(manifest_digest, :digest) WHERE id = :image
                RETURNING manifest_digest
                """,
                Values.of("image", imageId.value()).and("digest", found.text()),
                row -> new Digest(row.getString("manifest_digest")));
    }
}
