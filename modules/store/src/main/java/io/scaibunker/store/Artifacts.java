package io.scaibunker.store;

import io.scaibunker.model.Digest;
import io.scaibunker.model.ImageId;
import io.scaibunker.model.WorkerId;
import io.vertx.core.Future;
import io.vertx.sqlclient.SqlClient;
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
