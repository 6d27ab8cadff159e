-- Deleted hosts stay as rows, as deleted guests do; their names are free again.
ALTER TABLE "host" ADD COLUMN "deleted_at" TIMESTAMPTZ(3);
DROP INDEX "host_name_key";
CREATE UNIQUE INDEX "host_live_name_key" ON "host"("name") WHERE "deleted_at" IS NULL;
DROP INDEX "guest_host_id_name_key";
CREATE UNIQUE INDEX "guest_live_name_key" ON "guest"("host_id", "name") WHERE "state" <> 'DELETED';

-- A guest's operations, newest first.
CREATE INDEX "operation_guest_id_id_idx" ON "operation"("guest_id", "id");

-- History in cells of five minutes. The arrays hold one value for each metric column of memory_sample, in its order.
CREATE TABLE "memory_rollup" (
    "guest_id" UUID NOT NULL,
    "cell_at" TIMESTAMPTZ(3) NOT NULL,
    "sample_count" INTEGER NOT NULL,
    "min_values" DOUBLE PRECISION[],
    "max_values" DOUBLE PRECISION[],
    "sum_values" DOUBLE PRECISION[],
    CONSTRAINT "memory_rollup_pkey" PRIMARY KEY ("guest_id", "cell_at"),
    CONSTRAINT "memory_rollup_count" CHECK ("sample_count" > 0)
);
CREATE INDEX "memory_rollup_cell_at_idx" ON "memory_rollup"("cell_at");

CREATE TABLE "memory_rollup_progress" (
    "id" INTEGER NOT NULL DEFAULT 1,
    "rolled_up_until" TIMESTAMPTZ(3),
    CONSTRAINT "memory_rollup_progress_pkey" PRIMARY KEY ("id"),
    CONSTRAINT "memory_rollup_progress_is_one" CHECK ("id" = 1)
);
INSERT INTO "memory_rollup_progress" ("id") VALUES (1);

-- Samples arrive in the order of their time: a few pages of index find a range for the whole fleet.
CREATE INDEX "memory_sample_sampled_at_idx" ON "memory_sample" USING BRIN ("sampled_at") WITH (pages_per_range = 32);
