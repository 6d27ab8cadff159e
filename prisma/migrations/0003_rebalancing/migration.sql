-- A run decides for one or more hosts at a moment of simulated time; what it decided on is kept, so that it can be decided again.
CREATE TABLE "rebalance_run" (
    "id" UUID NOT NULL,
    "schedule_id" UUID,
    "dry_run" BOOLEAN NOT NULL,
    "policy" TEXT,
    "parameters" JSONB,
    "reason" TEXT,
    "requested_by" TEXT NOT NULL,
    "hold_for_ms" BIGINT NOT NULL DEFAULT 0,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    CONSTRAINT "rebalance_run_pkey" PRIMARY KEY ("id")
);
CREATE INDEX "rebalance_run_created_at_idx" ON "rebalance_run"("created_at");

-- One host of a run. WAITING until it is planned; then PLANNED when nothing is to be done, or FREEING, GIVING and DONE.
CREATE TABLE "rebalance_host" (
    "run_id" UUID NOT NULL,
    "host_id" UUID NOT NULL,
    "status" TEXT NOT NULL DEFAULT 'WAITING',
    "note" TEXT,
    "policy" TEXT,
    "parameters" JSONB,
    "view" JSONB,
    "memory" JSONB,
    "plan" JSONB,
    "decision_ms" DOUBLE PRECISION,
    "applied_bytes" BIGINT,
    "planned_at" TIMESTAMPTZ(3),
    "finished_at" TIMESTAMPTZ(3),
    CONSTRAINT "rebalance_host_pkey" PRIMARY KEY ("run_id", "host_id"),
    CONSTRAINT "rebalance_host_status" CHECK ("status" IN ('WAITING', 'PLANNED', 'FREEING', 'GIVING', 'DONE', 'SKIPPED', 'FAILED')),
    CONSTRAINT "rebalance_host_run" FOREIGN KEY ("run_id") REFERENCES "rebalance_run"("id") ON DELETE CASCADE
);
CREATE INDEX "rebalance_host_host_id_idx" ON "rebalance_host"("host_id", "run_id");
CREATE INDEX "rebalance_host_going_idx" ON "rebalance_host"("status") WHERE "status" IN ('WAITING', 'FREEING', 'GIVING');

-- One guest of a plan.
CREATE TABLE "rebalance_move" (
    "run_id" UUID NOT NULL,
    "guest_id" UUID NOT NULL,
    "host_id" UUID NOT NULL,
    "place" INTEGER NOT NULL,
    "phase" INTEGER NOT NULL,
    "from_bytes" BIGINT NOT NULL,
    "to_bytes" BIGINT NOT NULL,
    "reason" TEXT NOT NULL,
    "operation_id" UUID,
    "not_applied" TEXT,
    CONSTRAINT "rebalance_move_pkey" PRIMARY KEY ("run_id", "guest_id"),
    CONSTRAINT "rebalance_move_phase" CHECK ("phase" IN (1, 2)),
    CONSTRAINT "rebalance_move_host" FOREIGN KEY ("run_id", "host_id") REFERENCES "rebalance_host"("run_id", "host_id") ON DELETE CASCADE
);
CREATE INDEX "rebalance_move_guest_id_idx" ON "rebalance_move"("guest_id", "run_id");

CREATE TABLE "rebalance_schedule" (
    "id" UUID NOT NULL,
    "host_id" UUID,
    "every_ms" BIGINT,
    "cron" TEXT,
    "time_zone" TEXT,
    "jitter_ms" INTEGER NOT NULL DEFAULT 0,
    "policy" TEXT,
    "parameters" JSONB,
    "reason" TEXT,
    "hold_for_ms" BIGINT NOT NULL DEFAULT 0,
    "requested_by" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    CONSTRAINT "rebalance_schedule_pkey" PRIMARY KEY ("id"),
    CONSTRAINT "rebalance_schedule_time" CHECK (("every_ms" IS NULL) <> ("cron" IS NULL)),
    CONSTRAINT "rebalance_schedule_host" FOREIGN KEY ("host_id") REFERENCES "host"("id") ON DELETE CASCADE
);

-- What a policy remembers of a host between its decisions.
CREATE TABLE "policy_memory" (
    "host_id" UUID NOT NULL,
    "policy" TEXT NOT NULL,
    "memory" JSONB NOT NULL,
    CONSTRAINT "policy_memory_pkey" PRIMARY KEY ("host_id", "policy"),
    CONSTRAINT "policy_memory_host" FOREIGN KEY ("host_id") REFERENCES "host"("id") ON DELETE CASCADE
);

-- Times of the simulated clock, in milliseconds.
ALTER TABLE "guest" ADD COLUMN "held_until_ms" BIGINT;
ALTER TABLE "guest" ADD COLUMN "stuck_since_ms" BIGINT;
ALTER TABLE "guest" ADD COLUMN "stuck_count" INTEGER NOT NULL DEFAULT 0;
ALTER TABLE "guest" ADD COLUMN "forgiven_at_ms" BIGINT;
