-- Facts of the platform. A status says what is seen, an intent what is wanted; each column has one writer
-- (modules/README.md, «Who writes what»). What must never be is a constraint with a name.

CREATE TABLE partners (
    id          uuid PRIMARY KEY,
    name        text NOT NULL,
    created_at  timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT partner_name_once UNIQUE (name)
);

CREATE TABLE tenants (
    id          uuid PRIMARY KEY,
    partner_id  uuid NOT NULL REFERENCES partners,
    name        text NOT NULL,
    created_at  timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT tenant_name_once UNIQUE (partner_id, name)
);

CREATE TABLE users (
    id          uuid PRIMARY KEY,
    tenant_id   uuid NOT NULL REFERENCES tenants,
    name        text NOT NULL,
    role        text NOT NULL,
    grants      text[] NOT NULL DEFAULT '{}',
    created_at  timestamptz NOT NULL DEFAULT now(),
    disabled_at timestamptz,
    CONSTRAINT user_name_once UNIQUE (tenant_id, name)
);

-- A key's secret is never here: only its SHA-256, and its last characters so that a person can tell keys apart.
CREATE TABLE api_keys (
    id          uuid PRIMARY KEY,
    user_id     uuid NOT NULL REFERENCES users,
    name        text NOT NULL,
    secret_hash bytea NOT NULL,
    hint        text NOT NULL,
    created_at  timestamptz NOT NULL DEFAULT now(),
    expires_at  timestamptz,
    revoked_at  timestamptz,
    CONSTRAINT key_hash_once UNIQUE (secret_hash)
);
CREATE INDEX api_keys_of_user ON api_keys (user_id);

CREATE TABLE registry_credentials (
    tenant_id   uuid NOT NULL REFERENCES tenants,
    host        text NOT NULL,
    sealed      bytea NOT NULL,
    updated_at  timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, host)
);

-- The first answer to a request that carried an Idempotency-Key; null while the first is still under way.
CREATE TABLE idempotency_keys (
    user_id      uuid NOT NULL REFERENCES users,
    key          text NOT NULL,
    operation    text NOT NULL,
    request_hash bytea NOT NULL,
    http_status  int,
    answer       text,
    created_at   timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (user_id, key)
);
CREATE INDEX idempotency_keys_by_age ON idempotency_keys (created_at);

CREATE TABLE images (
    id                     uuid PRIMARY KEY,
    name                   text NOT NULL,
    description            text NOT NULL DEFAULT '',
    scope                  text NOT NULL CHECK (scope IN ('tenant', 'partner', 'platform')),
    tenant_id              uuid NOT NULL REFERENCES tenants,
    partner_id             uuid NOT NULL REFERENCES partners,
    owner_id               uuid GENERATED ALWAYS AS (
                               CASE scope WHEN 'tenant' THEN tenant_id WHEN 'partner' THEN partner_id
                               ELSE '00000000-0000-0000-0000-000000000000'::uuid END) STORED,
    created_by             uuid NOT NULL REFERENCES users,
    build_source           jsonb NOT NULL,
    snapshot_id            uuid GENERATED ALWAYS AS (
                               CASE build_source->>'kind' WHEN 'snapshot'
                               THEN substr(build_source->>'snapshot_id', 5)::uuid END) STORED,
    size_mib               int NOT NULL CHECK (size_mib BETWEEN 8 AND 1048576),
    default_cpu_millicores int NOT NULL,
    default_memory_mb      int NOT NULL,
    default_disk_mb        int NOT NULL,
    lazy_pull              boolean NOT NULL DEFAULT false,
    labels                 jsonb NOT NULL DEFAULT '{}',
    status                 text NOT NULL DEFAULT 'active' CHECK (status IN ('active', 'deactivated')),
    manifest_digest        text,          -- fanout: pinned by the first worker that asked the registry
    fingerprint            text,          -- fanout: names the artifact
    created_at             timestamptz NOT NULL DEFAULT now(),
    deactivated_at         timestamptz,
    CONSTRAINT deactivated_iff_dated CHECK ((status = 'deactivated') = (deactivated_at IS NOT NULL))
);
CREATE UNIQUE INDEX image_name_once ON images (scope, owner_id, name) WHERE status = 'active';
CREATE INDEX images_of_tenant ON images (tenant_id);
CREATE INDEX images_of_snapshot ON images (snapshot_id) WHERE status = 'active' AND snapshot_id IS NOT NULL;

CREATE TABLE availability_groups (
    id           uuid PRIMARY KEY,
    name         text NOT NULL,
    description  text NOT NULL DEFAULT '',
    scope        text NOT NULL CHECK (scope IN ('tenant', 'platform')),
    tenant_id    uuid NOT NULL REFERENCES tenants,
    partner_id   uuid NOT NULL REFERENCES partners,
    owner_id     uuid GENERATED ALWAYS AS (
                     CASE scope WHEN 'tenant' THEN tenant_id
                     ELSE '00000000-0000-0000-0000-000000000000'::uuid END) STORED,
    image_policy text NOT NULL CHECK (image_policy IN ('listed', 'all')),
    created_at   timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT group_name_once UNIQUE (scope, owner_id, name)
);

CREATE TABLE workers (
    id                      uuid PRIMARY KEY,
    name                    text NOT NULL,
    intent                  text NOT NULL DEFAULT 'serve' CHECK (intent IN ('serve', 'drain')),
    status                  text NOT NULL CHECK (status IN ('joining', 'ready', 'draining', 'lost')),
    incarnation             uuid NOT NULL,
    last_heartbeat          timestamptz NOT NULL DEFAULT now(),
    cpu_millicores          int NOT NULL,
    memory_mb               int NOT NULL,
    disk_mb                 int NOT NULL,
    allocated_cpu_millicores int NOT NULL DEFAULT 0,
    allocated_memory_mb     int NOT NULL DEFAULT 0,
    allocated_disk_mb       int NOT NULL DEFAULT 0,
    cache_bytes             bigint NOT NULL DEFAULT 0,
    grpc_address            text NOT NULL,
    driver                  text NOT NULL,
    acceleration            text NOT NULL,
    zone                    text NOT NULL DEFAULT '',
    labels                  jsonb NOT NULL DEFAULT '{}',
    versions                jsonb NOT NULL DEFAULT '{}',
    network_profiles        text[] NOT NULL DEFAULT '{isolated}',  -- what its bunkers may be given
    limits                  jsonb NOT NULL DEFAULT '{}',           -- what it enforces, and why not more
    drain_until             timestamptz,  -- what still runs there then is ended; null: it may stay
    created_at              timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT nothing_freed_twice CHECK (
        allocated_cpu_millicores >= 0 AND allocated_memory_mb >= 0 AND allocated_disk_mb >= 0),
    CONSTRAINT deadline_only_while_draining CHECK (drain_until IS NULL OR intent = 'drain')
);

CREATE TABLE group_images (
    group_id  uuid NOT NULL REFERENCES availability_groups ON DELETE CASCADE,
    image_id  uuid NOT NULL REFERENCES images,
    added_at  timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (group_id, image_id)
);
CREATE INDEX group_images_by_image ON group_images (image_id);

CREATE TABLE group_workers (
    group_id  uuid NOT NULL REFERENCES availability_groups ON DELETE CASCADE,
    worker_id uuid NOT NULL REFERENCES workers ON DELETE CASCADE,
    added_at  timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (group_id, worker_id)
);
CREATE INDEX group_workers_by_worker ON group_workers (worker_id);

-- Which groups cover which images: those put in, and by policy «all» every image that the group's owner sees. A
-- platform group's owner sees all that is of platform scope.
CREATE VIEW group_covers AS
    SELECT g.id AS group_id, i.id AS image_id
      FROM availability_groups g
      JOIN images i ON i.status = 'active'
     WHERE EXISTS (SELECT 1 FROM group_images gi WHERE gi.group_id = g.id AND gi.image_id = i.id)
        OR (g.image_policy = 'all' AND (
               i.scope = 'platform'
            OR (g.scope = 'tenant' AND i.scope = 'partner' AND i.partner_id = g.partner_id)
            OR (g.scope = 'tenant' AND i.scope = 'tenant' AND i.tenant_id = g.tenant_id)));

CREATE TABLE artifacts (
    fingerprint     text PRIMARY KEY,
    source_digest   text NOT NULL,
    digest          text NOT NULL,
    size_bytes      bigint NOT NULL,
    allocated_bytes bigint NOT NULL,
    entries         bigint NOT NULL,
    baked_by        uuid NOT NULL,
    created_at      timestamptz NOT NULL DEFAULT now()
);

CREATE INDEX artifacts_by_digest ON artifacts (digest);

-- How one image stands on one worker. A row whose image is no longer wanted there says wanted = false until the worker
-- has let the copy go.
CREATE TABLE image_cache (
    image_id        uuid NOT NULL REFERENCES images,
    worker_id       uuid NOT NULL REFERENCES workers ON DELETE CASCADE,
    wanted          boolean NOT NULL DEFAULT true,
    status          text NOT NULL DEFAULT 'pending'
                        CHECK (status IN ('pending', 'building', 'ready', 'failed', 'evicted')),
    phase           text CHECK (phase IN ('resolving', 'baking', 'waiting_for_peer', 'fetching', 'verifying')),
    generation      bigint NOT NULL DEFAULT 1,
    attempts        int NOT NULL DEFAULT 0,
    next_try_at     timestamptz,
    error_code      text,
    error_message   text,
    artifact_digest text,
    ready_at        timestamptz,      -- when it last became ready
    incarnation     uuid,
    awaited_until   timestamptz,      -- somebody waits for this copy: it is made before others
    created_at      timestamptz NOT NULL DEFAULT now(),
    updated_at      timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (image_id, worker_id),
    CONSTRAINT error_iff_failed CHECK ((status = 'failed') = (error_code IS NOT NULL)),
    CONSTRAINT artifact_iff_ready CHECK ((status = 'ready') = (artifact_digest IS NOT NULL)),
    CONSTRAINT phase_only_while_building CHECK (phase IS NULL OR status = 'building')
);
CREATE INDEX image_cache_of_worker ON image_cache (worker_id, image_id);
CREATE INDEX image_cache_ready ON image_cache (image_id) WHERE status = 'ready' AND wanted;

-- Who bakes, so that it is done once: a lease for each image that is being read from its source, and one for what goes into
-- its bake, which images share.
CREATE TABLE bakes (
    key         text PRIMARY KEY,
    image_id    uuid NOT NULL REFERENCES images,
    worker_id   uuid NOT NULL REFERENCES workers ON DELETE CASCADE,
    incarnation uuid NOT NULL,
    lease_until timestamptz NOT NULL
);
CREATE INDEX bakes_of_image ON bakes (image_id);

CREATE TABLE scans (
    image_id        uuid PRIMARY KEY REFERENCES images,
    status          text NOT NULL DEFAULT 'pending' CHECK (status IN ('pending', 'passed', 'failed', 'skipped')),
    reason          text,
    message         text,
    scanner         text,
    artifact_digest text,             -- what the verdict is about; null while nothing was baked
    basis           text,             -- by what it was judged: the scanner, what it knows, the policy
    report          jsonb,            -- database, coverage and counts, in the API's words
    report_digest   text,             -- of verdict, coverage and findings: equal digests, equal verdicts
    generation      bigint NOT NULL DEFAULT 1,
    claimed_by      uuid,
    lease_until     timestamptz,
    attempts        int NOT NULL DEFAULT 0,
    next_try_at     timestamptz,      -- where the scanner failed and may do better later
    requested_at    timestamptz NOT NULL DEFAULT now(),
    finished_at     timestamptz,
    previous        jsonb,            -- the last verdict, visible while a new one is pending
    CONSTRAINT reason_iff_failed CHECK ((status = 'failed') = (reason IS NOT NULL)),
    CONSTRAINT lease_only_while_pending CHECK (lease_until IS NULL OR status = 'pending'),
    CONSTRAINT no_pass_without_proof CHECK (status <> 'passed' OR (artifact_digest IS NOT NULL AND report IS NOT NULL))
);
CREATE INDEX scans_pending ON scans (requested_at) WHERE status = 'pending';
CREATE INDEX scans_by_artifact ON scans (artifact_digest, image_id);

-- What an artifact holds: module vulns' own JSON, compressed.
CREATE TABLE inventories (
    artifact_digest text PRIMARY KEY,
    content         bytea NOT NULL,
    created_at      timestamptz NOT NULL DEFAULT now()
);

-- What is known to be wrong with an artifact. The key names what was found where, so that a later match finds it again.
CREATE TABLE findings (
    artifact_digest text NOT NULL REFERENCES inventories ON DELETE CASCADE,
    key             uuid NOT NULL,
    id              text NOT NULL,
    names           text[] NOT NULL,  -- the id and its aliases
    ecosystem       text NOT NULL,
    package         text NOT NULL,
    source          text NOT NULL,
    installed       text NOT NULL,
    fixed           text,
    severity        text NOT NULL CHECK (severity IN ('unknown', 'negligible', 'low', 'medium', 'high', 'critical')),
    severity_source text NOT NULL,
    vector          text,
    path            text NOT NULL,
    since           timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (artifact_digest, key)
);
CREATE INDEX findings_by_name ON findings USING gin (names);

-- A time as the API prints it.
CREATE FUNCTION printed(at timestamptz) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"');

CREATE FUNCTION severity_rank(severity text) RETURNS int LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN array_position(ARRAY['unknown', 'negligible', 'low', 'medium', 'high', 'critical'], severity);

-- Who holds all verdicts against the basis of the day: one node at a time, since each has a database of its own. One row.
CREATE TABLE rematches (
    one         boolean PRIMARY KEY DEFAULT true CHECK (one),
    claimed_by  uuid NOT NULL,
    lease_until timestamptz NOT NULL
);

CREATE TABLE bunkers (
    id             uuid PRIMARY KEY,
    tenant_id      uuid NOT NULL REFERENCES tenants,
    user_id        uuid NOT NULL REFERENCES users,
    name           text NOT NULL,
    image_id       uuid NOT NULL REFERENCES images,
    worker_id      uuid NOT NULL,
    intent         text NOT NULL DEFAULT 'run' CHECK (intent IN ('run', 'pause', 'end')),
    status         text NOT NULL DEFAULT 'pending' CHECK (status IN
                       ('pending', 'provisioning', 'running', 'paused', 'terminating', 'terminated', 'failed')),
    generation     bigint NOT NULL DEFAULT 1,
    incarnation    uuid,              -- the run of the worker that booted it
    cpu_millicores int NOT NULL,
    memory_mb      int NOT NULL,
    disk_mb        int NOT NULL,
    booked         boolean NOT NULL DEFAULT true,  -- its room is counted in workers.allocated_*
    wish           jsonb NOT NULL DEFAULT '{}',    -- what the caller asked for beside room, in the API's words
    placement      jsonb NOT NULL DEFAULT '{}',    -- why this worker
    failure_code   text,
    failure_message text,
    ended_reason   text CHECK (ended_reason IN ('deleted', 'lifetime', 'idle', 'drained', 'powered_off', 'failed')),  -- told before the end
    boot           jsonb,             -- what the phases of its last boot have cost
    restarts       int NOT NULL DEFAULT 0,
    created_at     timestamptz NOT NULL DEFAULT now(),
    started_at     timestamptz,
    expires_at     timestamptz,       -- null: it may live for ever, or has not run yet
    idle_since     timestamptz,       -- by its worker's clock; null: it is used, or does not run
    ended_at       timestamptz,
    updated_at     timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT failure_iff_failed CHECK ((status = 'failed') = (failure_code IS NOT NULL)),
    CONSTRAINT ended_for_a_reason CHECK (ended_at IS NULL OR ended_reason IS NOT NULL),
    CONSTRAINT room_until_the_end CHECK (booked = (status NOT IN ('terminated', 'failed'))),
    CONSTRAINT ended_iff_dated CHECK ((status IN ('terminated', 'failed')) = (ended_at IS NOT NULL))
);
CREATE INDEX bunkers_of_tenant ON bunkers (tenant_id, id);
CREATE INDEX bunkers_of_worker ON bunkers (worker_id, id) WHERE booked;
CREATE INDEX bunkers_to_tell ON bunkers (worker_id) WHERE booked AND (status = 'pending' OR intent = 'end');
CREATE INDEX bunkers_expiring ON bunkers (expires_at) WHERE booked AND intent <> 'end';

-- What a bunker had written at one moment. Its files lie on the worker that took it, and nowhere else.
CREATE TABLE snapshots (
    id            uuid PRIMARY KEY,
    tenant_id     uuid NOT NULL REFERENCES tenants,
    user_id       uuid NOT NULL REFERENCES users,
    bunker_id     uuid NOT NULL REFERENCES bunkers,
    image_id      uuid NOT NULL REFERENCES images,   -- what the bunker was booted from
    worker_id     uuid NOT NULL,
    wanted        boolean NOT NULL DEFAULT true,
    ends_bunker   boolean NOT NULL DEFAULT false,    -- the bunker is to end once this is ready
    status        text NOT NULL DEFAULT 'pending' CHECK (status IN ('pending', 'creating', 'ready', 'failed', 'deleted')),
    digest        text,                              -- of what was written, as one layer
    size_bytes    bigint,
    error_code    text,
    error_message text,
    created_at    timestamptz NOT NULL DEFAULT now(),
    updated_at    timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT snapshot_error_iff_failed CHECK ((status = 'failed') = (error_code IS NOT NULL)),
    CONSTRAINT snapshot_has_what_it_says CHECK (status <> 'ready' OR (digest IS NOT NULL AND size_bytes IS NOT NULL)),
    CONSTRAINT snapshot_gone_only_unwanted CHECK (status <> 'deleted' OR NOT wanted)
);
CREATE UNIQUE INDEX snapshot_of_bunker_under_way ON snapshots (bunker_id) WHERE wanted AND status IN ('pending', 'creating');
CREATE INDEX snapshots_of_tenant ON snapshots (tenant_id, id) WHERE wanted;
CREATE INDEX snapshots_of_worker ON snapshots (worker_id, id) WHERE status <> 'deleted';

-- What a worker had goes with it.
CREATE FUNCTION snapshots_lost() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE snapshots
       SET status = CASE WHEN wanted THEN 'failed' ELSE 'deleted' END,
           error_code = CASE WHEN wanted THEN 'WORKER_LOST' END,
           error_message = CASE WHEN wanted THEN 'its worker is no more' END, updated_at = now()
     WHERE worker_id = OLD.id AND (status IN ('pending', 'creating', 'ready') OR (status = 'failed' AND NOT wanted));
    RETURN NULL;
END $$;
CREATE TRIGGER worker_gone AFTER DELETE ON workers FOR EACH ROW EXECUTE FUNCTION snapshots_lost();

-- What the bunkers of a tenant, or of one user, may take in all. The nearest profile counts: the user's own before the
-- tenant's before the platform's. A cap that is null does not bind.
CREATE TABLE quota_profiles (
    id             uuid PRIMARY KEY,
    name           text NOT NULL,
    bucket         text NOT NULL CHECK (bucket IN ('tenant', 'user')),
    tenant_id      uuid REFERENCES tenants,  -- null: all that have no profile of their own
    user_id        uuid REFERENCES users,    -- null: all users of the tenant
    bunkers        bigint CHECK (bunkers >= 0),
    cpu_millicores bigint CHECK (cpu_millicores >= 0),
    memory_mb      bigint CHECK (memory_mb >= 0),
    disk_mb        bigint CHECK (disk_mb >= 0),
    created_at     timestamptz NOT NULL DEFAULT now(),
    updated_at     timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT user_only_in_a_tenant CHECK (user_id IS NULL OR (bucket = 'user' AND tenant_id IS NOT NULL)),
    CONSTRAINT quota_profile_once UNIQUE NULLS NOT DISTINCT (bucket, tenant_id, user_id)
);

-- What the bunkers of a tenant, and of each user, take now.
CREATE TABLE quota_usage (
    owner_id       uuid PRIMARY KEY,  -- a tenant's or a user's
    bunkers        bigint NOT NULL DEFAULT 0,
    cpu_millicores bigint NOT NULL DEFAULT 0,
    memory_mb      bigint NOT NULL DEFAULT 0,
    disk_mb        bigint NOT NULL DEFAULT 0,
    CONSTRAINT nothing_given_back_twice CHECK (bunkers >= 0 AND cpu_millicores >= 0 AND memory_mb >= 0 AND disk_mb >= 0)
);

-- Room is counted with the change itself, so that no statement can forget it: on the worker, for the tenant, for the user.
-- Whoever changes several of these rows locks workers first, then usage, each in the order of ids.
CREATE FUNCTION lock_room(worker_ids uuid[], owner_ids uuid[]) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM 1 FROM workers w WHERE w.id = ANY(worker_ids) ORDER BY w.id FOR NO KEY UPDATE;
    INSERT INTO quota_usage (owner_id)
    SELECT DISTINCT o FROM unnest(owner_ids) o
     WHERE NOT EXISTS (SELECT 1 FROM quota_usage u WHERE u.owner_id = o) ORDER BY o
        ON CONFLICT DO NOTHING;
    PERFORM 1 FROM quota_usage u WHERE u.owner_id = ANY(owner_ids) ORDER BY u.owner_id FOR NO KEY UPDATE;
END $$;

CREATE FUNCTION room_taken() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM lock_room(array_agg(DISTINCT t.worker_id), array_agg(DISTINCT t.tenant_id) || array_agg(DISTINCT t.user_id))
       FROM taken t;
    UPDATE workers w
       SET allocated_cpu_millicores = w.allocated_cpu_millicores + t.cpu,
           allocated_memory_mb = w.allocated_memory_mb + t.memory,
           allocated_disk_mb = w.allocated_disk_mb + t.disk
      FROM (SELECT worker_id, sum(cpu_millicores) AS cpu, sum(memory_mb) AS memory, sum(disk_mb) AS disk
              FROM taken GROUP BY worker_id) t
     WHERE w.id = t.worker_id;
    UPDATE quota_usage u
       SET bunkers = u.bunkers + t.bunkers, cpu_millicores = u.cpu_millicores + t.cpu,
           memory_mb = u.memory_mb + t.memory, disk_mb = u.disk_mb + t.disk
      FROM (SELECT o.id, count(*) AS bunkers, sum(cpu_millicores) AS cpu, sum(memory_mb) AS memory, sum(disk_mb) AS disk
              FROM taken, LATERAL (VALUES (tenant_id), (user_id)) o(id) GROUP BY o.id) t
     WHERE u.owner_id = t.id;
    RETURN NULL;
END $$;
CREATE TRIGGER bunkers_placed AFTER INSERT ON bunkers REFERENCING NEW TABLE AS taken
    FOR EACH STATEMENT EXECUTE FUNCTION room_taken();

CREATE FUNCTION room_given_back() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT 1 FROM before b JOIN after a ON a.id = b.id WHERE b.booked AND NOT a.booked) THEN
        RETURN NULL;
    END IF;
    PERFORM lock_room(array_agg(DISTINCT b.worker_id), array_agg(DISTINCT b.tenant_id) || array_agg(DISTINCT b.user_id))
       FROM before b JOIN after a ON a.id = b.id WHERE b.booked AND NOT a.booked;
    UPDATE workers w
       SET allocated_cpu_millicores = w.allocated_cpu_millicores - t.cpu,
           allocated_memory_mb = w.allocated_memory_mb - t.memory,
           allocated_disk_mb = w.allocated_disk_mb - t.disk
      FROM (SELECT b.worker_id, sum(b.cpu_millicores) AS cpu, sum(b.memory_mb) AS memory, sum(b.disk_mb) AS disk
              FROM before b JOIN after a ON a.id = b.id WHERE b.booked AND NOT a.booked GROUP BY b.worker_id) t
     WHERE w.id = t.worker_id;
    UPDATE quota_usage u
       SET bunkers = u.bunkers - t.bunkers, cpu_millicores = u.cpu_millicores - t.cpu,
           memory_mb = u.memory_mb - t.memory, disk_mb = u.disk_mb - t.disk
      FROM (SELECT o.id, count(*) AS bunkers, sum(b.cpu_millicores) AS cpu, sum(b.memory_mb) AS memory,
                   sum(b.disk_mb) AS disk
              FROM before b JOIN after a ON a.id = b.id, LATERAL (VALUES (b.tenant_id), (b.user_id)) o(id)
             WHERE b.booked AND NOT a.booked GROUP BY o.id) t
     WHERE u.owner_id = t.id;
    RETURN NULL;
END $$;
CREATE TRIGGER bunkers_ended AFTER UPDATE ON bunkers REFERENCING OLD TABLE AS before NEW TABLE AS after
    FOR EACH STATEMENT EXECUTE FUNCTION room_given_back();

-- The profile that counts for a tenant, or for a user of it.
CREATE FUNCTION quota_of(bucket text, tenant uuid, usr uuid) RETURNS quota_profiles LANGUAGE sql STABLE AS $$
    SELECT q FROM quota_profiles q
     WHERE q.bucket = quota_of.bucket AND (q.tenant_id = tenant OR q.tenant_id IS NULL)
       AND (q.user_id IS NULL OR (quota_of.bucket = 'user' AND q.user_id = usr))
     ORDER BY q.user_id NULLS LAST, q.tenant_id NULLS LAST LIMIT 1
$$;

-- What of a profile would be passed: the first resource, what is used of it, asked and allowed; null if nothing.
CREATE FUNCTION over_quota(caps quota_profiles, used quota_usage, bunkers bigint, cpu bigint, memory bigint, disk bigint)
RETURNS jsonb LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE
        WHEN (used).bunkers + bunkers > (caps).bunkers THEN jsonb_build_object(
            'resource', 'bunkers', 'used', (used).bunkers, 'asked', bunkers, 'cap', (caps).bunkers)
        WHEN (used).cpu_millicores + cpu > (caps).cpu_millicores THEN jsonb_build_object(
            'resource', 'cpu_millicores', 'used', (used).cpu_millicores, 'asked', cpu, 'cap', (caps).cpu_millicores)
        WHEN (used).memory_mb + memory > (caps).memory_mb THEN jsonb_build_object(
            'resource', 'memory_mb', 'used', (used).memory_mb, 'asked', memory, 'cap', (caps).memory_mb)
        WHEN (used).disk_mb + disk > (caps).disk_mb THEN jsonb_build_object(
            'resource', 'disk_mb', 'used', (used).disk_mb, 'asked', disk, 'cap', (caps).disk_mb)
        END
$$;

-- Books a batch of bunkers, each where the scheduler would have it, and says of each what became of it: «booked»; «known»,
-- since it was booked before; «deactivated»; «elsewhere», since the worker does not take it as things are now; «full»;
-- «tenant» or «user», whose quota it would pass; «again», where only others of the batch stand in its way. All is looked at
-- when the locks are held, so any number of schedulers may book at once.
CREATE FUNCTION place_bunkers(ids uuid[], tenants uuid[], users uuid[], names text[], image_ids uuid[], worker_ids uuid[],
                              cpus int[], memories int[], disks int[], wishes jsonb[], placements jsonb[])
RETURNS TABLE (bunker uuid, fate text, host uuid, beyond jsonb, worker_status text, worker_intent text,
               allocated_cpu int, allocated_memory int, allocated_disk int) LANGUAGE plpgsql AS $$
BEGIN
    PERFORM lock_room(worker_ids, tenants || users);
    RETURN QUERY
    WITH asked AS (
        SELECT * FROM unnest(ids, tenants, users, names, image_ids, worker_ids, cpus, memories, disks, wishes, placements)
            WITH ORDINALITY AS a(id, tenant, usr, name, image, worker, cpu, memory, disk, wish, placement, ord)
    ), owners AS (
        SELECT 'tenant' AS bucket, t.tenant AS id, quota_of('tenant', t.tenant, NULL) AS caps
          FROM (SELECT DISTINCT a.tenant FROM asked a) t
        UNION ALL
        SELECT 'user', u.usr, quota_of('user', u.tenant, u.usr) FROM (SELECT DISTINCT a.tenant, a.usr FROM asked a) u
    ), looked AS (
        SELECT a.*, b.worker_id AS known, w.status AS w_status, w.intent AS w_intent,
               w.allocated_cpu_millicores AS w_cpu, w.allocated_memory_mb AS w_memory, w.allocated_disk_mb AS w_disk,
               w.cpu_millicores AS c_cpu, w.memory_mb AS c_memory, w.disk_mb AS c_disk, i.status AS i_status,
               b.id IS NULL AND i.status = 'active' AND w.status = 'ready' AND w.intent = 'serve'
               AND coalesce(a.wish->>'network_profile', 'isolated') = ANY(w.network_profiles)
               AND (i.lazy_pull OR EXISTS (
                   SELECT 1 FROM image_cache c
                    WHERE c.image_id = a.image AND c.worker_id = a.worker AND c.wanted AND c.status = 'ready'))
               AND (EXISTS (SELECT 1 FROM group_workers gw
                              JOIN group_covers gc ON gc.group_id = gw.group_id AND gc.image_id = a.image
                             WHERE gw.worker_id = a.worker)
                    OR (i.lazy_pull AND NOT EXISTS (
                        SELECT 1 FROM group_workers gw JOIN availability_groups g ON g.id = gw.group_id
                         WHERE gw.worker_id = a.worker AND g.scope = 'tenant' AND g.tenant_id <> i.tenant_id)))
                   AS fit
          FROM asked a
          LEFT JOIN images i ON i.id = a.image
          LEFT JOIN workers w ON w.id = a.worker
          LEFT JOIN bunkers b ON b.id = a.id
    ), roomy AS (
        SELECT l.*,
               l.fit AND l.w_cpu + sum(l.cpu) FILTER (WHERE l.fit) OVER on_worker <= l.c_cpu
                     AND l.w_memory + sum(l.memory) FILTER (WHERE l.fit) OVER on_worker <= l.c_memory
                     AND l.w_disk + sum(l.disk) FILTER (WHERE l.fit) OVER on_worker <= l.c_disk AS has_room
          FROM looked l
        WINDOW on_worker AS (PARTITION BY l.worker ORDER BY l.ord)
    ), allowed AS (
        SELECT r.*,
               over_quota(t.caps, tu, 1, r.cpu, r.memory, r.disk) AS tenant_over,
               over_quota(u.caps, uu, 1, r.cpu, r.memory, r.disk) AS user_over,
               r.has_room
               AND over_quota(t.caps, tu, count(*) FILTER (WHERE r.has_room) OVER of_tenant,
                       sum(r.cpu) FILTER (WHERE r.has_room) OVER of_tenant,
                       sum(r.memory) FILTER (WHERE r.has_room) OVER of_tenant,
                       sum(r.disk) FILTER (WHERE r.has_room) OVER of_tenant) IS NULL
               AND over_quota(u.caps, uu, count(*) FILTER (WHERE r.has_room) OVER of_user,
                       sum(r.cpu) FILTER (WHERE r.has_room) OVER of_user,
                       sum(r.memory) FILTER (WHERE r.has_room) OVER of_user,
                       sum(r.disk) FILTER (WHERE r.has_room) OVER of_user) IS NULL AS goes
          FROM roomy r
          JOIN owners t ON t.bucket = 'tenant' AND t.id = r.tenant
          JOIN owners u ON u.bucket = 'user' AND u.id = r.usr
          JOIN quota_usage tu ON tu.owner_id = r.tenant
          JOIN quota_usage uu ON uu.owner_id = r.usr
        WINDOW of_tenant AS (PARTITION BY r.tenant ORDER BY r.ord), of_user AS (PARTITION BY r.usr ORDER BY r.ord)
    ), inserted AS (
        INSERT INTO bunkers (id, tenant_id, user_id, name, image_id, worker_id, cpu_millicores, memory_mb, disk_mb, wish,
                             placement)
        SELECT a.id, a.tenant, a.usr, a.name, a.image, a.worker, a.cpu, a.memory, a.disk, a.wish, a.placement
          FROM allowed a WHERE a.goes ORDER BY a.ord
            ON CONFLICT (id) DO NOTHING
        RETURNING id)
    SELECT a.id,
           CASE WHEN n.id IS NOT NULL THEN 'booked'
                WHEN a.known IS NOT NULL THEN 'known'
                WHEN a.i_status IS DISTINCT FROM 'active' THEN 'deactivated'
                WHEN a.tenant_over IS NOT NULL THEN 'tenant'
                WHEN a.user_over IS NOT NULL THEN 'user'
                WHEN NOT coalesce(a.fit, false) THEN 'elsewhere'
                WHEN NOT a.has_room THEN 'full'
                ELSE 'again' END,
           coalesce(a.known, a.worker), coalesce(a.tenant_over, a.user_over), a.w_status, a.w_intent, a.w_cpu, a.w_memory,
           a.w_disk
      FROM allowed a LEFT JOIN inserted n ON n.id = a.id
     ORDER BY a.ord;
END $$;

-- Which copies are asked for: by the groups, by bunkers that were placed on a worker before its copy was there, and where a
-- snapshot lies of which an image is made: only there can it be baked.
CREATE VIEW wanted_copies AS
    SELECT c.image_id, gw.worker_id
      FROM group_covers c
      JOIN group_workers gw ON gw.group_id = c.group_id
     UNION
    SELECT b.image_id, b.worker_id
      FROM bunkers b
      JOIN images i ON i.id = b.image_id AND i.status = 'active'
      JOIN workers w ON w.id = b.worker_id
     WHERE b.booked
     UNION
    SELECT i.id, s.worker_id
      FROM images i
      JOIN snapshots s ON s.id = i.snapshot_id AND s.status = 'ready'
      JOIN workers w ON w.id = s.worker_id
     WHERE i.status = 'active';

-- What changed, in order: of one image (subject = its id: the image, its copies, its scan) or of one bunker and its snapshots. Triggers write
-- it, so that a change and its event are one transaction whoever makes the change, and no statement can forget it. Ids are
-- given before the commit: one may become visible after a higher one (Events.look says how a reader deals with that).
CREATE TABLE events (
    id      bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at      timestamptz NOT NULL DEFAULT clock_timestamp(),
    kind    text NOT NULL CHECK (kind IN ('image', 'cache', 'scan', 'bunker', 'bunker_snapshot', 'access')),
    subject uuid,             -- null: concerns every watcher, as a key that was revoked
    body    jsonb NOT NULL,   -- in the API's words
    CONSTRAINT access_concerns_all CHECK ((kind = 'access') = (subject IS NULL))
);
CREATE INDEX events_of_subject ON events (subject, id) WHERE subject IS NOT NULL;

-- An id as the API prints it.
CREATE FUNCTION printed(prefix text, id uuid) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN prefix || '_' || replace(id::text, '-', '');

CREATE FUNCTION failure(code text, message text) RETURNS jsonb LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN CASE WHEN code IS NOT NULL THEN jsonb_build_object('code', code, 'message', coalesce(message, '')) END;

CREATE FUNCTION image_event() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO events (kind, subject, body) VALUES ('image', NEW.id, jsonb_build_object(
        'status', NEW.status, 'manifest_digest', NEW.manifest_digest,
        'artifact_digest', (SELECT a.digest FROM artifacts a WHERE a.fingerprint = NEW.fingerprint)));
    RETURN NULL;
END $$;
CREATE TRIGGER image_registered AFTER INSERT ON images FOR EACH ROW EXECUTE FUNCTION image_event();
CREATE TRIGGER image_changed AFTER UPDATE ON images FOR EACH ROW
    WHEN ((OLD.status, OLD.manifest_digest, OLD.fingerprint) IS DISTINCT FROM (NEW.status, NEW.manifest_digest, NEW.fingerprint))
    EXECUTE FUNCTION image_event();

CREATE FUNCTION cache_event() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO events (kind, subject, body) VALUES ('cache', NEW.image_id, jsonb_build_object(
        'worker_id', printed('wrk', NEW.worker_id),
        'worker_name', (SELECT w.name FROM workers w WHERE w.id = NEW.worker_id),
        'wanted', NEW.wanted, 'status', NEW.status, 'phase', NEW.phase, 'attempts', NEW.attempts,
        'error', failure(NEW.error_code, NEW.error_message), 'artifact_digest', NEW.artifact_digest));
    RETURN NULL;
END $$;
CREATE TRIGGER copy_asked AFTER INSERT ON image_cache FOR EACH ROW EXECUTE FUNCTION cache_event();
CREATE TRIGGER copy_changed AFTER UPDATE ON image_cache FOR EACH ROW
    WHEN ((OLD.wanted, OLD.status, OLD.phase, OLD.attempts, OLD.error_code, OLD.artifact_digest)
          IS DISTINCT FROM (NEW.wanted, NEW.status, NEW.phase, NEW.attempts, NEW.error_code, NEW.artifact_digest))
    EXECUTE FUNCTION cache_event();

CREATE FUNCTION scan_event() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO events (kind, subject, body) VALUES ('scan', NEW.image_id, jsonb_build_object(
        'scan_status', NEW.status, 'scan_reason', NEW.reason, 'message', NEW.message, 'scanner', NEW.scanner));
    RETURN NULL;
END $$;
CREATE TRIGGER scan_asked AFTER INSERT ON scans FOR EACH ROW EXECUTE FUNCTION scan_event();
CREATE TRIGGER scan_changed AFTER UPDATE ON scans FOR EACH ROW
    WHEN ((OLD.status, OLD.reason, OLD.message, OLD.generation)
          IS DISTINCT FROM (NEW.status, NEW.reason, NEW.message, NEW.generation))
    EXECUTE FUNCTION scan_event();

CREATE FUNCTION bunker_event() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO events (kind, subject, body) VALUES ('bunker', NEW.id, jsonb_build_object(
        'status', NEW.status, 'intent', NEW.intent, 'worker_id', printed('wrk', NEW.worker_id),
        'ended_reason', NEW.ended_reason, 'failure', failure(NEW.failure_code, NEW.failure_message)));
    RETURN NULL;
END $$;
CREATE TRIGGER bunker_booked AFTER INSERT ON bunkers FOR EACH ROW EXECUTE FUNCTION bunker_event();
CREATE TRIGGER bunker_changed AFTER UPDATE ON bunkers FOR EACH ROW
    WHEN ((OLD.status, OLD.intent, OLD.worker_id, OLD.ended_reason)
          IS DISTINCT FROM (NEW.status, NEW.intent, NEW.worker_id, NEW.ended_reason))
    EXECUTE FUNCTION bunker_event();

CREATE FUNCTION bunker_snapshot_event() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO events (kind, subject, body) VALUES ('bunker_snapshot', NEW.bunker_id, jsonb_build_object(
        'id', printed('snp', NEW.id), 'status', CASE WHEN NEW.wanted THEN NEW.status ELSE 'deleted' END,
        'size_bytes', NEW.size_bytes, 'error', failure(NEW.error_code, NEW.error_message)));
    RETURN NULL;
END $$;
CREATE TRIGGER snapshot_asked AFTER INSERT ON snapshots FOR EACH ROW EXECUTE FUNCTION bunker_snapshot_event();
CREATE TRIGGER snapshot_changed AFTER UPDATE ON snapshots FOR EACH ROW
    WHEN (OLD.wanted <> NEW.wanted OR (NEW.wanted AND OLD.status <> NEW.status))
    EXECUTE FUNCTION bunker_snapshot_event();

-- Somebody may less than before: who watches is looked at again.
CREATE FUNCTION access_event() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO events (kind, subject, body) VALUES ('access', NULL, '{}');
    RETURN NULL;
END $$;
CREATE TRIGGER key_revoked AFTER UPDATE OF revoked_at ON api_keys FOR EACH ROW
    WHEN (NEW.revoked_at IS NOT NULL) EXECUTE FUNCTION access_event();
CREATE TRIGGER user_changed AFTER UPDATE OF disabled_at, role, grants ON users FOR EACH ROW EXECUTE FUNCTION access_event();
