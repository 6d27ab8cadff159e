CREATE TABLE "fleet_clock" (
    "id" INTEGER NOT NULL DEFAULT 1,
    "speed" DOUBLE PRECISION NOT NULL DEFAULT 1,
    "seed" INTEGER NOT NULL DEFAULT 1,
    "started_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    CONSTRAINT "fleet_clock_pkey" PRIMARY KEY ("id"),
    CONSTRAINT "fleet_clock_is_one" CHECK ("id" = 1),
    CONSTRAINT "fleet_clock_speed" CHECK ("speed" >= 0)
);

CREATE TABLE "shard" (
    "id" INTEGER NOT NULL,
    "owner" TEXT,
    "epoch" BIGINT NOT NULL DEFAULT 0,
    "lease_expires_at" TIMESTAMPTZ(3),
    "tick" BIGINT NOT NULL DEFAULT 0,
    CONSTRAINT "shard_pkey" PRIMARY KEY ("id")
);

CREATE TABLE "host" (
    "id" UUID NOT NULL,
    "name" TEXT NOT NULL,
    "capacity_bytes" BIGINT NOT NULL,
    "reserved_bytes" BIGINT NOT NULL DEFAULT 0,
    "swap_bytes" BIGINT NOT NULL DEFAULT 0,
    "policy" TEXT NOT NULL DEFAULT 'none',
    "parameters" JSONB NOT NULL DEFAULT '{}',
    "state" TEXT NOT NULL DEFAULT 'HIGH',
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    CONSTRAINT "host_pkey" PRIMARY KEY ("id"),
    CONSTRAINT "host_sizes" CHECK ("capacity_bytes" > 0 AND "reserved_bytes" BETWEEN 0 AND "capacity_bytes" AND "swap_bytes" >= 0),
    CONSTRAINT "host_state" CHECK ("state" IN ('HIGH', 'SOFT', 'HARD', 'LOW'))
);
CREATE UNIQUE INDEX "host_name_key" ON "host"("name");

CREATE TABLE "guest" (
    "id" UUID NOT NULL,
    "host_id" UUID NOT NULL,
    "shard_id" INTEGER NOT NULL,
    "name" TEXT NOT NULL,
    "state" TEXT NOT NULL DEFAULT 'RUNNING',
    "state_reason" TEXT,
    "assigned_bytes" BIGINT NOT NULL,
    "min_bytes" BIGINT NOT NULL,
    "max_bytes" BIGINT NOT NULL,
    "shares" INTEGER NOT NULL DEFAULT 1000,
    "kernel_profile" TEXT NOT NULL DEFAULT '6.12',
    "features" JSONB NOT NULL,
    "workload" JSONB NOT NULL,
    "seed" BIGINT NOT NULL,
    "target_bytes" BIGINT NOT NULL DEFAULT 0,
    "next_sequence" INTEGER NOT NULL DEFAULT 1,
    "born_tick" BIGINT,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "deleted_at" TIMESTAMPTZ(3),
    CONSTRAINT "guest_pkey" PRIMARY KEY ("id"),
    CONSTRAINT "guest_sizes" CHECK (0 <= "min_bytes" AND "min_bytes" <= "max_bytes" AND "max_bytes" <= "assigned_bytes" AND "assigned_bytes" > 0),
    CONSTRAINT "guest_target" CHECK ("target_bytes" BETWEEN 0 AND "assigned_bytes"),
    CONSTRAINT "guest_shares" CHECK ("shares" >= 0),
    CONSTRAINT "guest_state" CHECK ("state" IN ('RUNNING', 'PAUSED', 'OOM_KILLED', 'KERNEL_BUG', 'DELETED'))
);
CREATE UNIQUE INDEX "guest_host_id_name_key" ON "guest"("host_id", "name");
CREATE INDEX "guest_shard_id_state_idx" ON "guest"("shard_id", "state");
CREATE INDEX "guest_host_id_id_idx" ON "guest"("host_id", "id");

CREATE TABLE "guest_latest" (
    "guest_id" UUID NOT NULL,
    "tick" BIGINT NOT NULL,
    "sampled_at" TIMESTAMPTZ(3) NOT NULL,
    "balloon_state" TEXT NOT NULL,
    "isolated_pages" INTEGER NOT NULL,
    "total_bytes" BIGINT NOT NULL,
    "free_bytes" BIGINT NOT NULL,
    "available_bytes" BIGINT NOT NULL,
    "used_bytes" BIGINT NOT NULL,
    "cached_bytes" BIGINT NOT NULL,
    "anon_bytes" BIGINT NOT NULL,
    "slab_bytes" BIGINT NOT NULL,
    "swap_used_bytes" BIGINT NOT NULL,
    "resident_bytes" BIGINT NOT NULL,
    "balloon_target_bytes" BIGINT NOT NULL,
    "balloon_actual_bytes" BIGINT NOT NULL,
    "pressure_some10_ratio" REAL NOT NULL,
    "pressure_some60_ratio" REAL NOT NULL,
    "pressure_full10_ratio" REAL NOT NULL,
    "pressure_full60_ratio" REAL NOT NULL,
    "unusable_index9_ratio" REAL NOT NULL,
    "inflated_pages_total" BIGINT NOT NULL,
    "deflated_pages_total" BIGINT NOT NULL,
    "migrated_pages_total" BIGINT NOT NULL,
    "zones" JSONB NOT NULL,
    "vmstat" JSONB NOT NULL,
    "state_digest" TEXT NOT NULL,
    CONSTRAINT "guest_latest_pkey" PRIMARY KEY ("guest_id"),
    CONSTRAINT "guest_latest_balloon_state" CHECK ("balloon_state" IN ('IDLE', 'INFLATING', 'DEFLATING', 'STALLED'))
);

-- History. Partitions are made ahead by the worker, one a day, and dropped when they age out.
CREATE TABLE "memory_sample" (
    "guest_id" UUID NOT NULL,
    "sampled_at" TIMESTAMPTZ(3) NOT NULL,
    "tick" BIGINT NOT NULL,
    "total_bytes" BIGINT NOT NULL,
    "free_bytes" BIGINT NOT NULL,
    "available_bytes" BIGINT NOT NULL,
    "used_bytes" BIGINT NOT NULL,
    "cached_bytes" BIGINT NOT NULL,
    "anon_bytes" BIGINT NOT NULL,
    "slab_bytes" BIGINT NOT NULL,
    "swap_used_bytes" BIGINT NOT NULL,
    "resident_bytes" BIGINT NOT NULL,
    "balloon_target_bytes" BIGINT NOT NULL,
    "balloon_actual_bytes" BIGINT NOT NULL,
    "pressure_some10_ratio" REAL NOT NULL,
    "pressure_some60_ratio" REAL NOT NULL,
    "pressure_full10_ratio" REAL NOT NULL,
    "pressure_full60_ratio" REAL NOT NULL,
    "unusable_index9_ratio" REAL NOT NULL,
    "inflated_pages_total" BIGINT NOT NULL,
    "deflated_pages_total" BIGINT NOT NULL,
    "migrated_pages_total" BIGINT NOT NULL,
    CONSTRAINT "memory_sample_pkey" PRIMARY KEY ("guest_id", "sampled_at", "tick")
) PARTITION BY RANGE ("sampled_at");

CREATE TABLE "operation" (
    "id" UUID NOT NULL,
    "guest_id" UUID NOT NULL,
    "sequence" INTEGER NOT NULL,
    "kind" TEXT NOT NULL,
    "status" TEXT NOT NULL DEFAULT 'QUEUED',
    "outcome" TEXT,
    "requested_bytes" BIGINT NOT NULL,
    "target_bytes" BIGINT NOT NULL,
    "timeout_ms" INTEGER,
    "achieved_bytes" BIGINT,
    "deficit_bytes" BIGINT,
    "reason" TEXT,
    "requested_by" TEXT NOT NULL DEFAULT 'anonymous',
    "idempotency_key" TEXT,
    "attempts" INTEGER NOT NULL DEFAULT 0,
    "result" JSONB,
    "applied_tick" BIGINT,
    "cancel_tick" BIGINT,
    "cancel_asked_at" TIMESTAMPTZ(3),
    "finished_tick" BIGINT,
    "epoch" BIGINT,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "started_at" TIMESTAMPTZ(3),
    "finished_at" TIMESTAMPTZ(3),
    CONSTRAINT "operation_pkey" PRIMARY KEY ("id"),
    CONSTRAINT "operation_kind" CHECK ("kind" IN ('SET_BALLOON_TARGET', 'INFLATE', 'DEFLATE')),
    CONSTRAINT "operation_status" CHECK ("status" IN ('QUEUED', 'RUNNING', 'SUCCEEDED', 'FAILED', 'CANCELLED')),
    CONSTRAINT "operation_outcome" CHECK (("outcome" IS NULL) = ("status" IN ('QUEUED', 'RUNNING'))),
    CONSTRAINT "operation_applied" CHECK ("status" <> 'RUNNING' OR "applied_tick" IS NOT NULL)
);
CREATE UNIQUE INDEX "operation_guest_id_sequence_key" ON "operation"("guest_id", "sequence");
CREATE UNIQUE INDEX "operation_guest_id_idempotency_key_key" ON "operation"("guest_id", "idempotency_key");
CREATE INDEX "operation_status_created_at_idx" ON "operation"("status", "created_at");

CREATE TABLE "guest_snapshot" (
    "guest_id" UUID NOT NULL,
    "tick" BIGINT NOT NULL,
    "digest" TEXT NOT NULL,
    "epoch" BIGINT NOT NULL,
    "bytes" BYTEA NOT NULL,
    CONSTRAINT "guest_snapshot_pkey" PRIMARY KEY ("guest_id", "tick")
);
-- The bytes come compressed.
ALTER TABLE "guest_snapshot" ALTER COLUMN "bytes" SET STORAGE EXTERNAL;

CREATE TABLE "trace" (
    "id" UUID NOT NULL,
    "name" TEXT NOT NULL,
    "format" TEXT NOT NULL,
    "vm_count" INTEGER NOT NULL,
    "row_count" INTEGER NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    CONSTRAINT "trace_pkey" PRIMARY KEY ("id")
);
CREATE UNIQUE INDEX "trace_name_key" ON "trace"("name");

CREATE TABLE "trace_vm" (
    "trace_id" UUID NOT NULL,
    "vm" TEXT NOT NULL,
    "assigned_bytes" BIGINT NOT NULL,
    "times_ms" BIGINT[],
    "active_bytes" BIGINT[],
    "disk_read_bytes_per_sec" REAL[],
    "disk_write_bytes_per_sec" REAL[],
    "cpu_ratio" REAL[],
    CONSTRAINT "trace_vm_pkey" PRIMARY KEY ("trace_id", "vm")
);

ALTER TABLE "guest" ADD CONSTRAINT "guest_host_id_fkey" FOREIGN KEY ("host_id") REFERENCES "host"("id") ON DELETE CASCADE ON UPDATE CASCADE;
ALTER TABLE "guest" ADD CONSTRAINT "guest_shard_id_fkey" FOREIGN KEY ("shard_id") REFERENCES "shard"("id") ON DELETE RESTRICT ON UPDATE CASCADE;
ALTER TABLE "guest_latest" ADD CONSTRAINT "guest_latest_guest_id_fkey" FOREIGN KEY ("guest_id") REFERENCES "guest"("id") ON DELETE CASCADE ON UPDATE CASCADE;
ALTER TABLE "operation" ADD CONSTRAINT "operation_guest_id_fkey" FOREIGN KEY ("guest_id") REFERENCES "guest"("id") ON DELETE CASCADE ON UPDATE CASCADE;
ALTER TABLE "guest_snapshot" ADD CONSTRAINT "guest_snapshot_guest_id_fkey" FOREIGN KEY ("guest_id") REFERENCES "guest"("id") ON DELETE CASCADE ON UPDATE CASCADE;
ALTER TABLE "trace_vm" ADD CONSTRAINT "trace_vm_trace_id_fkey" FOREIGN KEY ("trace_id") REFERENCES "trace"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- What every fleet begins with.
INSERT INTO "fleet_clock" ("id") VALUES (1);
INSERT INTO "shard" ("id") SELECT generate_series(0, 15);
