package io.scaibunker.store;

import io.scaibunker.model.GroupId;
import io.scaibunker.model.ImageId;
import io.scaibunker.model.ImageStatus;
import io.scaibunker.model.NetworkProfile;
import io.scaibunker.model.Room;
import io.scaibunker.model.Scope;
import io.scaibunker.model.TenantId;
import io.scaibunker.model.Word;
import io.scaibunker.model.WorkerId;
import io.scaibunker.model.WorkerIntent;
import io.scaibunker.model.WorkerStatus;
import io.vertx.core.Future;
import io.vertx.sqlclient.Row;
import io.vertx.sqlclient.SqlClient;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** What the scheduler looks at before it decides, read from the tables of others; many rows at a time. */
public final class Candidates {
    /** A worker, as one that may take a bunker. */
    public record Host(
            WorkerId id,
            WorkerStatus status,
            WorkerIntent intent,
            String acceleration,
            String zone,
            Set<NetworkProfile> networkProfiles,
            Room capacity,
            Room allocated) {}

    /** A group, as that which allows images on workers. */
    public record Members(GroupId id, Scope scope, TenantId tenantId, List<WorkerId> workers) {}

    /**
     * How an image stands on all workers.
     *
     * @param lazyPull whether a bunker may be placed before its copy is there
     * @param groups those that cover it
     * @param ready where a copy is; what is no longer wanted does not count
     * @param building where one is being made
     * @param pending where one is to be made
     * @param failed where none could be made
     */
    public record Standing(
            ImageId id,
            ImageStatus status,
            TenantId tenantId,
            boolean lazyPull,
            List<GroupId> groups,
            List<WorkerId> ready,
            List<WorkerId> building,
            List<WorkerId> pending,
            List<WorkerId> failed) {}

    private Candidates() {}

    public static Future<List<Host>> hosts(SqlClient sql) {
        return Sql.list(sql, """
                SELECT id, status, intent, acceleration, zone, network_profiles, cpu_millicores, memory_mb, disk_mb,
                       allocated_cpu_millicores, allocated_memory_mb, allocated_disk_mb
                  FROM workers
                """, Map.of(), Candidates::host);
    }

    /** Always in the same order, so that equal ones are seen to be equal. */
    public static Future<List<Members>> groups(SqlClient sql) {
        return Sql.list(
                sql,
                """
                SELECT g.id, g.scope, g.tenant_id,
                       ARRAY(SELECT gw.worker_id FROM group_workers gw WHERE gw.group_id = g.id ORDER BY 1) AS workers
                  FROM availability_groups g ORDER BY g.id
                """,
                Map.of(),
                row -> new Members(
                        new GroupId(row.getUUID("id")),
                        Word.parse(Scope.class, row.getString("scope")),
                        new TenantId(row.getUUID("tenant_id")),
                        workers(row, "workers")));
    }

    /** Those of {@code images} that there are. */
    public static Future<List<Standing>> standings(SqlClient sql, List<ImageId> images) {
        return Sql.list(
                sql,
                """
                SELECT i.id, i.status, i.tenant_id, i.lazy_pull, c.*,
                       ARRAY(SELECT gc.group_id FROM group_covers gc WHERE gc.image_id = i.id ORDER BY 1) AS groups
                  FROM images i
                  LEFT JOIN LATERAL (
                      SELECT array_agg(worker_id) FILTER (WHERE status = 'ready') AS ready,
                             array_agg(worker_id) FILTER (WHERE status = 'building') AS building,
                             array_agg(worker_id) FILTER (WHERE status = 'pending') AS pending,
                             array_agg(worker_id) FILTER (WHERE status = 'failed') AS failed
                        FROM image_cache c WHERE c.image_id = i.id AND c.wanted) c ON true
                 WHERE i.id = ANY(:images)
                """,
                Values.of("images", images.stream().map(ImageId::value).toArray(UUID[]::new)),
                row -> new Standing(
                        new ImageId(row.getUUID("id")),
                        Word.parse(ImageStatus.class, row.getString("status")),
                        new TenantId(row.getUUID("tenant_id")),
                        row.getBoolean("lazy_pull"),
                        Arrays.stream(row.getArrayOfUUIDs("groups"))
                                .map(GroupId::new)
                                .toList(),
                        workers(row, "ready"),
                        workers(row, "building"),
                        workers(row, "pending"),
                        workers(row, "failed")));
    }

    private static Host host(Row row) {
        return new Host(
                new WorkerId(row.getUUID("id")),
                Word.parse(WorkerStatus.class, row.getString("status")),
                Word.parse(WorkerIntent.class, row.getString("intent")),
                row.getString("acceleration"),
                row.getString("zone"),
                Workers.networkProfiles(row),
                Workers.capacity(row),
                Workers.allocated(row));
    }

    private static List<WorkerId> workers(Row row, String column) {
        UUID @Nullable [] ids = row.getArrayOfUUIDs(column);
        return ids == null ? List.of() : Arrays.stream(ids).map(WorkerId::new).toList();
    }
}
