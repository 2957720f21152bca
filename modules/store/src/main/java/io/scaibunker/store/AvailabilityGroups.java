package io.scaibunker.store;

import io.scaibunker.model.GroupId;
import io.scaibunker.model.ImageId;
import io.scaibunker.model.ImagePolicy;
import io.scaibunker.model.PartnerId;
import io.scaibunker.model.Scope;
import io.scaibunker.model.TenantId;
import io.scaibunker.model.WarmCounts;
import io.scaibunker.model.Word;
import io.scaibunker.model.WorkerId;
import io.vertx.core.Future;
import io.vertx.sqlclient.Row;
import io.vertx.sqlclient.SqlClient;
import java.time.OffsetDateTime;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.UUID;

/** Tables {@code availability_groups}, {@code group_images}, {@code group_workers}: which workers hold which images. */
public final class AvailabilityGroups {
    public record Group(
            GroupId id, Founding founding, List<ImageId> images, List<WorkerId> workers, OffsetDateTime createdAt) {}

    /** What its owner said of a group; never changed. */
    public record Founding(
            String name,
            String description,
            Scope scope,
            TenantId tenantId,
            PartnerId partnerId,
            ImagePolicy imagePolicy) {}

    private static final String SHOWN = """
            SELECT g.*,
                   ARRAY(SELECT image_id FROM group_images gi WHERE gi.group_id = g.id ORDER BY 1) AS images,
                   ARRAY(SELECT worker_id FROM group_workers gw WHERE gw.group_id = g.id ORDER BY 1) AS workers
              FROM availability_groups g
            """;

    private static final String SEEN = "(g.scope = 'platform' OR " + Viewer.within("g.tenant_id", "g.partner_id") + ")";

    private AvailabilityGroups() {}

    public static Future<Void> insert(SqlClient sql, GroupId id, Founding group) {
        return Sql.run(
                        sql,
                        """
                        INSERT INTO availability_groups
                               (id, name, description, scope, tenant_id, partner_id, image_policy)
                        VALUES (:id, :name, :description, :scope, :tenant, :partner, :policy)
                        """,
                        Values.of("id", id.value())
                                .and("name", group.name())
                                .and("description", group.description())
                                .and("scope", group.scope().word())
                                .and("tenant", group.tenantId().value())
                                .and("partner", group.partnerId().value())
                                .and("policy", group.imagePolicy().word()))
                .mapEmpty();
    }

    public static Future<Optional<Group>> find(SqlClient sql, Viewer viewer, GroupId id) {
        return Sql.one(
                sql,
                SHOWN + "WHERE g.id = :id AND " + SEEN,
                viewer.values().and("id", id.value()),
                AvailabilityGroups::group);
    }

    /** In the order of ids, behind {@code after}. */
    public static Future<List<Group>> list(SqlClient sql, Viewer viewer, Optional<UUID> after, int limit) {
        return Sql.list(
                sql,
                SHOWN + "WHERE (:after::uuid IS NULL OR g.id > :after) AND " + SEEN + " ORDER BY g.id LIMIT :limit",
                viewer.values().and("after", after.orElse(null)).and("limit", limit),
                AvailabilityGroups::group);
    }

    public static Future<Boolean> delete(SqlClient sql, GroupId id) {
        return Sql.moved(sql, "DELETE FROM availability_groups WHERE id = :id", Values.of("id", id.value()));
    }

    public static Future<Void> addImages(SqlClient sql, GroupId id, List<ImageId> images) {
        return Sql.run(sql, """
                        INSERT INTO group_images (group_id, image_id) SELECT :group, unnest(:images::uuid[])
                        ON CONFLICT DO NOTHING
                        """, Values.of("group", id.value()).and("images", imageIds(images)))
                .mapEmpty();
    }

    /**
     * Puts workers in.
     *
     * @return those that there are; the caller undoes the transaction if one is missing
     */
    public static Future<List<WorkerId>> addWorkers(SqlClient sql, GroupId id, List<WorkerId> workers) {
        Values values = Values.of("group", id.value()).and("workers", workerIds(workers));
        return Sql.run(sql, """
                        INSERT INTO group_workers (group_id, worker_id)
                        SELECT :group, id FROM workers WHERE id = ANY(:workers::uuid[])
                        ON CONFLICT DO NOTHING
                        """, values)
                .compose(added -> Sql.list(
                        sql,
                        "SELECT id FROM workers WHERE id = ANY(:workers::uuid[]) ORDER BY id",
                        Values.of("workers", workerIds(workers)),
                        row -> new WorkerId(row.getUUID("id"))));
    }

    public static Future<Boolean> removeImage(SqlClient sql, GroupId id, ImageId imageId) {
        return Sql.moved(
                sql,
                "DELETE FROM group_images WHERE group_id = :group AND image_id = :image",
                Values.of("group", id.value()).and("image", imageId.value()));
    }

    public static Future<Boolean> removeWorker(SqlClient sql, GroupId id, WorkerId workerId) {
        return Sql.moved(
                sql,
                "DELETE FROM group_workers WHERE group_id = :group AND worker_id = :worker",
                Values.of("group", id.value()).and("worker", workerId.value()));
    }

    /** How the copies that the group asks for stand: of these images, on these workers, or of all where empty. */
    public static Future<WarmCounts> warmth(SqlClient sql, GroupId id, List<ImageId> images, List<WorkerId> workers) {
        return Sql.one(
                        sql,
                        """
                        SELECT count(*) FILTER (WHERE w.status <> 'lost' AND c.status IN ('pending', 'building')) AS queued,
                               count(*) FILTER (WHERE w.status <> 'lost' AND c.status = 'ready') AS ready,
                               count(*) FILTER (WHERE w.status <> 'lost' AND c.status = 'failed') AS failed,
                               count(*) FILTER (WHERE w.status = 'lost') AS skipped
                          FROM group_covers gc
                          JOIN group_workers gw ON gw.group_id = gc.group_id
                          JOIN image_cache c ON c.image_id = gc.image_id AND c.worker_id = gw.worker_id AND c.wanted
                          JOIN workers w ON w.id = c.worker_id
                         WHERE gc.group_id = :group
                           AND (cardinality(:images::uuid[]) = 0 OR gc.image_id = ANY(:images::uuid[]))
                           AND (cardinality(:workers::uuid[]) = 0 OR gw.worker_id = ANY(:workers::uuid[]))
                        """,
                        Values.of("group", id.value())
                                .and("images", imageIds(images))
                                .and("workers", workerIds(workers)),
                        row -> new WarmCounts(
                                row.getInteger("queued"),
                                row.getInteger("ready"),
                                row.getInteger("failed"),
                                row.getInteger("skipped")))
                .map(counts -> counts.orElse(WarmCounts.NONE));
    }

    public record GroupReadiness(GroupId id, String name, ImageCache.Readiness readiness) {}

    /** How the copies of an image stand, by each group that covers it and that {@code viewer} sees. */
    public static Future<List<GroupReadiness>> readiness(SqlClient sql, Viewer viewer, ImageId imageId) {
        return Sql.list(
                sql,
                "SELECT g.id, g.name," + ImageCache.READINESS.replace("count(*)", "count(w.id)") + """
                          FROM group_covers gc
                          JOIN availability_groups g ON g.id = gc.group_id
                          LEFT JOIN group_workers gw ON gw.group_id = g.id
                          LEFT JOIN workers w ON w.id = gw.worker_id
                          LEFT JOIN image_cache c ON c.image_id = gc.image_id AND c.worker_id = w.id AND c.wanted
                         WHERE gc.image_id = :image AND
                        """ + SEEN
                        + " GROUP BY g.id ORDER BY g.name, g.id",
                viewer.values().and("image", imageId.value()),
                row -> new GroupReadiness(
                        new GroupId(row.getUUID("id")), row.getString("name"), ImageCache.Readiness.of(row)));
    }

    /** Those of {@code workers} that a group asks to hold {@code imageId}, and those that there are at all. */
    public static Future<Targets> targets(SqlClient sql, ImageId imageId, List<WorkerId> workers) {
        return Sql.list(
                        sql,
                        """
                        SELECT w.id, EXISTS (SELECT 1 FROM wanted_copies c
                                              WHERE c.image_id = :image AND c.worker_id = w.id) AS targeted
                          FROM workers w WHERE w.id = ANY(:workers::uuid[])
                        """,
                        Values.of("image", imageId.value()).and("workers", workerIds(workers)),
                        row -> new Target(new WorkerId(row.getUUID("id")), row.getBoolean("targeted")))
                .map(Targets::new);
    }

    public record Target(WorkerId workerId, boolean targeted) {}

    public record Targets(List<Target> found) {
        public List<WorkerId> unknown(List<WorkerId> asked) {
            List<WorkerId> known = found.stream().map(Target::workerId).toList();
            return asked.stream().filter(worker -> !known.contains(worker)).toList();
        }

        public List<WorkerId> untargeted() {
            return found.stream()
                    .filter(target -> !target.targeted())
                    .map(Target::workerId)
                    .toList();
        }
    }

    private static UUID[] imageIds(List<ImageId> images) {
        return images.stream().map(ImageId::value).toArray(UUID[]::new);
    }

    private static UUID[] workerIds(List<WorkerId> workers) {
        return workers.stream().map(WorkerId::value).toArray(UUID[]::new);
    }

    private static Group group(Row row) {
        return new Group(
                new GroupId(row.getUUID("id")),
                new Founding(
                        row.getString("name"),
                        row.getString("description"),
                        Word.parse(Scope.class, row.getString("scope")),
                        new TenantId(row.getUUID("tenant_id")),
                        new PartnerId(row.getUUID("partner_id")),
                        Word.parse(ImagePolicy.class, row.getString("image_policy"))),
                Arrays.stream(row.getArrayOfUUIDs("images")).map(ImageId::new).toList(),
                Arrays.stream(row.getArrayOfUUIDs("workers")).map(WorkerId::new).toList(),
                row.getOffsetDateTime("created_at"));
    }
}
