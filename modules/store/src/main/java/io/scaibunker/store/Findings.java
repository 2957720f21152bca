package io.scaibunker.store;

import io.scaibunker.model.Digest;
import io.scaibunker.model.ImageId;
import io.vertx.core.Future;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import io.vertx.sqlclient.Row;
import io.vertx.sqlclient.SqlClient;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.List;
import java.util.Optional;
import java.util.UUID;

/** Table {@code findings}: what is known to be wrong with artifacts, in the words of reports. */
public final class Findings {
    /**
     * One finding.
     *
     * @param shown as the API shows it
     */
    public record Found(UUID key, String severity, String id, JsonObject shown) {}

    /** An image in which a vulnerability was found. */
    public record Carrier(ImageId imageId, String name, String status, Digest artifact, JsonArray findings) {}

    /** Behind which finding a page begins. */
    public record Place(String severity, String id, UUID key) {}

    private static final String SHOWN = """
            jsonb_build_object('id', f.id, 'aliases', to_jsonb(array_remove(f.names, f.id)), 'ecosystem', f.ecosystem,
                'package', f.package, 'source', f.source, 'installed', f.installed, 'fixed', f.fixed,
                'severity', f.severity, 'severity_source', f.severity_source, 'vector', f.vector, 'path', f.path,
                'since', printed(f.since))
            """;

    private Findings() {}

    /**
     * These are the findings of an artifact now; those that were known before keep their date.
     *
     * @param findings as reports have them
     */
    public static Future<Void> replace(SqlClient sql, Digest artifact, JsonArray findings) {
        return Sql.run(sql, """
                        WITH fresh AS (
                            SELECT * FROM jsonb_to_recordset(:findings) AS f(key uuid, id text, names text[],
                                ecosystem text, package text, source text, installed text, fixed text, severity text,
                                severity_source text, vector text, path text)),
                        gone AS (
                            DELETE FROM findings WHERE artifact_digest = :artifact AND key NOT IN (SELECT key FROM fresh))
                        INSERT INTO findings (artifact_digest, key, id, names, ecosystem, package, source, installed,
                               fixed, severity, severity_source, vector, path)
                        SELECT :artifact, key, id, names, ecosystem, package, source, installed,
                               fixed, severity, severity_source, vector, path FROM fresh
                        ON CONFLICT (artifact_digest, key) DO UPDATE
                           SET names = excluded.names, package = excluded.package, fixed = excluded.fixed,
                               severity = excluded.severity, severity_source = excluded.severity_source,
                               vector = excluded.vector
                        """, Values.of("artifact", artifact.text()).and("findings", rows(findings)))
                .mapEmpty();
    }

    private static JsonArray rows(JsonArray findings) {
        JsonArray rows = new JsonArray();
        for (int index = 0; index < findings.size(); index++) {
            JsonObject finding = findings.getJsonObject(index);
            JsonArray names = finding.getJsonArray("aliases").copy().add(finding.getString("id"));
            rows.add(finding.copy().put("names", names).put("key", key(finding).toString()));
        }
        return rows;
    }

    /** What was found where. */
    private static UUID key(JsonObject finding) {
        try {
            MessageDigest digest = MessageDigest.getInstance("SHA-256");
            for (String field : List.of("id", "ecosystem", "source", "installed", "path")) {
                digest.update((finding.getString(field) + "\0").getBytes(StandardCharsets.UTF_8));
            }
            ByteBuffer bytes = ByteBuffer.wrap(digest.digest());
            return new UUID(bytes.getLong(), bytes.getLong());
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }

    /** The worst first, behind {@code after}. */
    public static Future<List<Found>> of(
            SqlClient sql, Digest artifact, Optional<String> severity, Optional<Place> after, int limit) {
        return Sql.list(
                sql,
                "SELECT f.key, f.severity, f.id, " + SHOWN + """
                         AS shown FROM findings f
                         WHERE f.artifact_digest = :artifact AND (:severity::text IS NULL OR f.severity = :severity)
                           AND (:rank::int IS NULL OR (-severity_rank(f.severity), f.id COLLATE "C", f.key)
                                > (-:rank::int, :id COLLATE "C", :key::uuid))
                         ORDER BY -severity_rank(f.severity), f.id COLLATE "C", f.key
                         LIMIT :limit
                        """,
                Values.of("artifact", artifact.text())
                        .and("severity", severity.orElse(null))
                        .and("rank", after.map(place -> rank(place.severity())).orElse(null))
                        .and("id", after.map(Place::id).orElse(null))
                        .and("key", after.map(Place::key).orElse(null))
                        .and("limit", limit),
                Findings::found);
    }

    private static int rank(String severity) {
        return 1
                + List.of("unknown", "negligible", "low", "medium", "high", "critical")
                        .indexOf(severity);
    }

    /** What one artifact has and another has not, by vulnerability and source package; the worst first. */
    public static Future<List<Found>> onlyIn(SqlClient sql, Digest artifact, Digest other, int limit) {
        return Sql.list(
                sql,
                "SELECT f.key, f.severity, f.id, " + SHOWN + """
                         AS shown FROM findings f
                         WHERE f.artifact_digest = :artifact AND NOT EXISTS (
                               SELECT 1 FROM findings o
                                WHERE o.artifact_digest = :other AND o.source = f.source AND o.names && f.names)
                         ORDER BY -severity_rank(f.severity), f.id COLLATE "C", f.key
                         LIMIT :limit
                        """,
                Values.of("artifact", artifact.text())
                        .and("other", other.text())
                        .and("limit", limit),
                Findings::found);
    }

    private static Found found(Row row) {
        return new Found(
                row.getUUID("key"), row.getString("severity"), row.getString("id"), row.getJsonObject("shown"));
    }

    /** The images that one sees and in which a vulnerability was found, by any of its names; in the order of ids. */
    public static Future<List<Carrier>> carriers(
            SqlClient sql, Viewer viewer, String vulnerability, Optional<UUID> after, int limit) {
        return Sql.list(
                sql,
                """
                SELECT i.id, i.name, i.status, s.artifact_digest, jsonb_agg(
                """ + SHOWN + """
                         ORDER BY f.source, f.path) AS findings
                  FROM findings f
                  JOIN scans s ON s.artifact_digest = f.artifact_digest
                  JOIN images i ON i.id = s.image_id
                 WHERE f.names @> ARRAY[:vulnerability]::text[] AND (:after::uuid IS NULL OR i.id > :after) AND
                """ + Images.SEEN + """
                 GROUP BY i.id, s.artifact_digest ORDER BY i.id LIMIT :limit
                """,
                viewer.values()
                        .and("vulnerability", vulnerability)
                        .and("after", after.orElse(null))
                        .and("limit", limit),
                row -> new Carrier(
                        new ImageId(row.getUUID("id")),
                        row.getString("name"),
                        row.getString("status"),
                        new Digest(row.getString("artifact_digest")),
                        row.getJsonArray("findings")));
    }
}
