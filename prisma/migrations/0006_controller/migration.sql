-- What the controller has done since the beginning: counted where it happens, in the same transaction, so that counts are exact
-- and go on after a restart. Labels as Prometheus has them.
CREATE TABLE "controller_count" (
    "name" TEXT NOT NULL,
    "labels" JSONB NOT NULL DEFAULT '{}',
    "value" DOUBLE PRECISION NOT NULL,
    CONSTRAINT "controller_count_pkey" PRIMARY KEY ("name", "labels")
);

-- Share of sampled pages that a guest did not touch. A guest of which nothing was sampled counts as active.
ALTER TABLE "memory_sample" ADD COLUMN "idle_ratio" REAL NOT NULL DEFAULT 0;
ALTER TABLE "guest_latest" ADD COLUMN "idle_ratio" REAL NOT NULL DEFAULT 0;
