package io.scaibunker.testkit;

import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** Puts rows where a test begins, past the rooms: owners, images, groups, workers, copies. */
public final class Seeds {
    /** Someone who registers images. */
    public record Owner(UUID partner, UUID tenant, UUID user) {}

    private static final String OCI =
            "{\"kind\":\"oci\",\"ref\":\"registry.test/image:1\",\"platform\":\"linux/amd64\"}";

    private final TestDatabase database;
    private int made;

    private Seeds(TestDatabase database) {
        this.database = database;
    }

    /** @param database with the platform's tables */
    public static Seeds in(TestDatabase database) {
        return new Seeds(database);
    }

    /** A user of a fresh tenant of a fresh partner. */
    public Owner owner() {
        UUID partner = UUID.randomUUID();
        database.execute("INSERT INTO partners (id, name) VALUES (%s, '%s')".formatted(text(partner), name()));
        return ownerOf(partner);
    }

    /** A user of another tenant of the same partner. */
    public Owner neighbour(Owner owner) {
        return ownerOf(owner.partner());
    }

    private Owner ownerOf(UUID partner) {
        UUID tenant = UUID.randomUUID();
        UUID user = UUID.randomUUID();
        database.execute("""
                INSERT INTO tenants (id, partner_id, name) VALUES (%1$s, %2$s, '%3$s');
                INSERT INTO users (id, tenant_id, name, role) VALUES (%4$s, %1$s, '%3$s', 'tenant_admin')
                """.formatted(text(tenant), text(partner), name(), text(user)));
        return new Owner(partner, tenant, user);
    }

    /** An active image of the owner's tenant, from a registry, with a scan pending. */
    public UUID image(Owner owner) {
        return image(owner, "tenant");
    }

    /** @param scope {@code tenant}, {@code partner} or {@code platform} */
    public UUID image(Owner owner, String scope) {
        return image(owner, scope, OCI, false);
    }

    /** An image that bunkers may ask for wherever there is room. */
    public UUID lazyImage(Owner owner) {
        return image(owner, "tenant", OCI, true);
    }

    /** An image from an archive. */
    public UUID tarImage(Owner owner, String path) {
        return image(owner, "tenant", "{\"kind\":\"tar\",\"path\":\"" + path + "\"}", false);
    }

    /** So many images of the owner's tenant, each from the archive at {@code path}. */
    public void tarImages(Owner owner, int count, String path) {
        database.execute("""
                INSERT INTO images (id, name, scope, tenant_id, partner_id, created_by, build_source, size_mib,
                       default_cpu_millicores, default_memory_mb, default_disk_mb)
                SELECT gen_random_uuid(), '%s-' || n, 'tenant', %s, %s, %s,
                       jsonb_build_object('kind', 'tar', 'path', '%s'), 64, 1000, 512, 1024
                  FROM generate_series(1, %d) AS n
                """.formatted(
                        name(),
                        text(owner.tenant()),
                        text(owner.partner()),
                        text(owner.user()),
                        path.replace("'", "''"),
                        count));
    }

    /** A bunker that runs on a worker. */
    public UUID runningBunker(Owner owner, UUID image, UUID worker) {
        UUID bunker = UUID.randomUUID();
        database.execute(
                """
                INSERT INTO bunkers (id, tenant_id, user_id, name, image_id, worker_id, status, cpu_millicores, memory_mb, disk_mb,
                       started_at)
                VALUES (%s, %s, %s, 'b', %s, %s, 'running', 1, 1, 1, now())
                """.formatted(text(bunker), text(owner.tenant()), text(owner.user()), text(image), text(worker)));
        return bunker;
    }

    /** An image that is made of a ready snapshot, which lies on {@code worker}. */
    public UUID snapshotImage(Owner owner, UUID worker) {
        UUID snapshot = UUID.randomUUID();
        UUID bunker = runningBunker(owner, image(owner), worker);
        database.execute("""
                INSERT INTO snapshots (id, tenant_id, user_id, bunker_id, image_id, worker_id, status, digest, size_bytes)
                SELECT %s, tenant_id, user_id, id, image_id, worker_id, 'ready', 'sha256:%s', 1 FROM bunkers WHERE id = %s
                """.formatted(text(snapshot), "5".repeat(64), text(bunker)));
        String id = "snp_" + snapshot.toString().replace("-", "");
        return image(owner, "tenant", "{\"kind\":\"snapshot\",\"snapshot_id\":\"" + id + "\"}", false);
    }

    private UUID image(Owner owner, String scope, String source, boolean lazy) {
        UUID image = UUID.randomUUID();
        database.execute("""
                INSERT INTO images (id, name, scope, tenant_id, partner_id, created_by, build_source, size_mib,
                       default_cpu_millicores, default_memory_mb, default_disk_mb, lazy_pull)
                VALUES (%1$s, '%2$s', '%3$s', %4$s, %5$s, %6$s, '%7$s', 64, 1000, 512, 1024, %8$s);
                INSERT INTO scans (image_id) VALUES (%1$s)
                """.formatted(
                        text(image),
                        name(),
                        scope,
                        text(owner.tenant()),
                        text(owner.partner()),
                        text(owner.user()),
                        source.replace("'", "''"),
                        lazy));
        return image;
    }

    /** No bunker starts from it any more. */
    public void deactivate(UUID image) {
        database.execute("UPDATE images SET status = 'deactivated', deactivated_at = now() WHERE id = " + text(image));
    }

    /** A group of the owner's tenant that holds the images put in. */
    public UUID group(Owner owner) {
        return group(owner, "tenant", "listed");
    }

    /**
     * @param scope {@code tenant} or {@code platform}
     * @param policy {@code listed} or {@code all}
     */
    public UUID group(Owner owner, String scope, String policy) {
        UUID group = UUID.randomUUID();
        database.execute(
                """
                INSERT INTO availability_groups (id, name, scope, tenant_id, partner_id, image_policy)
                VALUES (%s, '%s', '%s', %s, %s, '%s')
                """.formatted(text(group), name(), scope, text(owner.tenant()), text(owner.partner()), policy));
        return group;
    }

    public void addImage(UUID group, UUID image) {
        database.execute(
                "INSERT INTO group_images (group_id, image_id) VALUES (%s, %s)".formatted(text(group), text(image)));
    }

    public void removeImage(UUID group, UUID image) {
        database.execute(
                "DELETE FROM group_images WHERE group_id = %s AND image_id = %s".formatted(text(group), text(image)));
    }

    public void addWorker(UUID group, UUID worker) {
        database.execute(
                "INSERT INTO group_workers (group_id, worker_id) VALUES (%s, %s)".formatted(text(group), text(worker)));
    }

    public void removeWorker(UUID group, UUID worker) {
        database.execute("DELETE FROM group_workers WHERE group_id = %s AND worker_id = %s"
                .formatted(text(group), text(worker)));
    }

    /** A ready worker with much room. */
    public UUID worker() {
        return worker(1_000_000, 1_000_000, 1_000_000);
    }

    /** A ready worker with so much room. */
    public UUID worker(int cpuMillicores, int memoryMb, int diskMb) {
        UUID worker = UUID.randomUUID();
        database.execute("""
                INSERT INTO workers (id, name, status, incarnation, cpu_millicores, memory_mb, disk_mb, grpc_address,
                       driver, acceleration)
                VALUES (%s, '%s', 'ready', %s, %d, %d, %d, '127.0.0.1:1', 'qemu', 'tcg')
                """.formatted(text(worker), name(), text(UUID.randomUUID()), cpuMillicores, memoryMb, diskMb));
        return worker;
    }

    /**
     * A large fleet: so many equal workers in groups of a hundred, so many images, each in one group and ready on so many of its
     * workers. Past the triggers: nothing of it is an event.
     */
    public void fleet(Owner owner, int workers, int images, int copies, int cpuMillicores, int memoryMb, int diskMb) {
        database.execute("""
                SET session_replication_role = replica;
                INSERT INTO workers (id, name, status, incarnation, cpu_millicores, memory_mb, disk_mb, grpc_address,
                       driver, acceleration, zone)
                SELECT gen_random_uuid(), 'w' || n, 'ready', gen_random_uuid(), %d, %d, %d, '127.0.0.1:1', 'qemu', 'tcg',
                       'zone-' || n %% 3
                  FROM generate_series(1, %d) n;
                INSERT INTO availability_groups (id, name, scope, tenant_id, partner_id, image_policy)
                SELECT gen_random_uuid(), 'g' || n, 'tenant', %s, %s, 'listed'
                  FROM generate_series(0, (%d - 1) / 100) n;
                INSERT INTO images (id, name, scope, tenant_id, partner_id, created_by, build_source, size_mib,
                       default_cpu_millicores, default_memory_mb, default_disk_mb)
                SELECT gen_random_uuid(), 'i' || n, 'tenant', %s, %s, %s, '%s', 64, 1000, 512, 1024
                  FROM generate_series(1, %d) n;
                CREATE TEMP TABLE w AS SELECT id, (row_number() OVER (ORDER BY id) - 1) AS n FROM workers;
                CREATE TEMP TABLE g AS SELECT id, (row_number() OVER (ORDER BY id) - 1) AS n, count(*) OVER () AS all_of_them
                  FROM availability_groups;
                CREATE TEMP TABLE i AS SELECT id, (row_number() OVER (ORDER BY id) - 1) AS n FROM images;
                INSERT INTO group_workers (group_id, worker_id) SELECT g.id, w.id FROM w JOIN g ON g.n = w.n / 100;
                INSERT INTO group_images (group_id, image_id) SELECT g.id, i.id FROM i JOIN g ON g.n = i.n %% g.all_of_them;
                INSERT INTO image_cache (image_id, worker_id, status, artifact_digest)
                SELECT DISTINCT i.id, w.id, 'ready', 'sha256:%s'
                  FROM i JOIN g ON g.n = i.n %% g.all_of_them
                  CROSS JOIN generate_series(0, %d - 1) c
                  JOIN w ON w.n = g.n * 100 + (i.n * 37 + c * (1 + i.n %% 7)) %% 100;
                SET session_replication_role = DEFAULT;
                ANALYZE
                """.formatted(
                        cpuMillicores,
                        memoryMb,
                        diskMb,
                        workers,
                        text(owner.tenant()),
                        text(owner.partner()),
                        workers,
                        text(owner.tenant()),
                        text(owner.partner()),
                        text(owner.user()),
                        OCI,
                        images,
                        "1".repeat(64),
                        copies));
    }

    /** No bunkers at all, and workers of this room. */
    public void emptied(int cpuMillicores, int memoryMb, int diskMb) {
        database.execute("""
                TRUNCATE bunkers, snapshots, events, quota_usage;
                UPDATE workers SET allocated_cpu_millicores = 0, allocated_memory_mb = 0, allocated_disk_mb = 0,
                       cpu_millicores = %d, memory_mb = %d, disk_mb = %d, last_heartbeat = now()
                """.formatted(cpuMillicores, memoryMb, diskMb));
        database.execute("VACUUM ANALYZE workers");
    }

    /** All images, in the order of ids. */
    public List<UUID> images() {
        return database.rows("SELECT id FROM images ORDER BY id").stream()
                .map(row -> UUID.fromString(String.valueOf(row.get("id"))))
                .toList();
    }

    /**
     * What bunkers take, counted from their rows.
     *
     * @param overBooked workers that have not the room of their bunkers
     * @param miscounted workers whose row says another sum
     */
    public record Tally(int bunkers, int overBooked, int miscounted) {}

    public Tally tally() {
        var row = database.rows("""
                SELECT count(*) FILTER (WHERE b.cpu > w.cpu_millicores OR b.memory > w.memory_mb OR b.disk > w.disk_mb) AS over,
                       count(*) FILTER (WHERE coalesce(b.cpu, 0) <> w.allocated_cpu_millicores) AS wrong,
                       coalesce(sum(b.bunkers), 0) AS bunkers
                  FROM workers w
                  LEFT JOIN (SELECT worker_id, sum(cpu_millicores) AS cpu, sum(memory_mb) AS memory, sum(disk_mb) AS disk,
                                    count(*) AS bunkers
                               FROM bunkers WHERE booked GROUP BY worker_id) b ON b.worker_id = w.id
                """).getFirst();
        return new Tally(number(row.get("bunkers")), number(row.get("over")), number(row.get("wrong")));
    }

    private static int number(@Nullable Object value) {
        return Integer.parseInt(String.valueOf(value));
    }

    /** @param status {@code joining}, {@code ready}, {@code draining} or {@code lost} */
    public void workerIs(UUID worker, String status) {
        database.execute("UPDATE workers SET status = '%s' WHERE id = %s".formatted(status, text(worker)));
    }

    /** The worker was last heard so long ago. */
    public void heardBefore(UUID worker, int seconds) {
        database.execute("UPDATE workers SET last_heartbeat = now() - interval '%d seconds' WHERE id = %s"
                .formatted(seconds, text(worker)));
    }

    /** The worker holds the image, as {@code digest}. */
    public void ready(UUID image, UUID worker, String digest) {
        database.execute("""
                INSERT INTO image_cache (image_id, worker_id, status, artifact_digest) VALUES (%1$s, %2$s, 'ready', '%3$s')
                ON CONFLICT (image_id, worker_id) DO UPDATE SET status = 'ready', artifact_digest = '%3$s'
                """.formatted(text(image), text(worker), digest));
    }

    private String name() {
        return "seed-" + ++made;
    }

    private static String text(UUID id) {
        return "'" + id + "'";
    }
}
