-- An experiment is acknowledged with all its cells; what is asked and what is answered are the JSON that the command line has, to the
-- byte: JSON and not JSONB, which sorts keys, since digests are of the text.
CREATE TABLE "experiment" (
    "id" UUID NOT NULL,
    "name" TEXT NOT NULL,
    "spec" JSON NOT NULL,
    "trace_path" TEXT,
    "status" TEXT NOT NULL DEFAULT 'QUEUED',
    "reason" TEXT,
    "answer" JSON,
    "requested_by" TEXT NOT NULL,
    "idempotency_key" TEXT,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "started_at" TIMESTAMPTZ(3),
    "finished_at" TIMESTAMPTZ(3),
    CONSTRAINT "experiment_pkey" PRIMARY KEY ("id"),
    CONSTRAINT "experiment_status" CHECK ("status" IN ('QUEUED', 'RUNNING', 'DONE', 'FAILED', 'CANCELLED'))
);
CREATE UNIQUE INDEX "experiment_idempotency_key_key" ON "experiment"("requested_by", "idempotency_key");
CREATE INDEX "experiment_going_idx" ON "experiment"("id") WHERE "status" IN ('QUEUED', 'RUNNING');

-- A cell that is DONE is never run again, whoever delivers its job.
CREATE TABLE "experiment_cell" (
    "experiment_id" UUID NOT NULL,
    "place" INTEGER NOT NULL,
    "policy_at" INTEGER NOT NULL,
    "ratio_at" INTEGER NOT NULL,
    "seed_at" INTEGER NOT NULL,
    "status" TEXT NOT NULL DEFAULT 'WAITING',
    "progress" DOUBLE PRECISION NOT NULL DEFAULT 0,
    "attempts" INTEGER NOT NULL DEFAULT 0,
    "result" JSON,
    "error" TEXT,
    "started_at" TIMESTAMPTZ(3),
    "finished_at" TIMESTAMPTZ(3),
    CONSTRAINT "experiment_cell_pkey" PRIMARY KEY ("experiment_id", "place"),
    CONSTRAINT "experiment_cell_status" CHECK ("status" IN ('WAITING', 'RUNNING', 'DONE', 'FAILED', 'CANCELLED')),
    CONSTRAINT "experiment_cell_experiment" FOREIGN KEY ("experiment_id") REFERENCES "experiment"("id") ON DELETE CASCADE
);
