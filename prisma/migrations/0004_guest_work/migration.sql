-- Work on a guest besides moving its balloon: compaction, memory blocks, pausing. Such a row has no sizes but says what to do.
ALTER TABLE "operation" ALTER COLUMN "requested_bytes" DROP NOT NULL;
ALTER TABLE "operation" ALTER COLUMN "target_bytes" DROP NOT NULL;
ALTER TABLE "operation" ADD COLUMN "work" JSONB;
ALTER TABLE "operation" DROP CONSTRAINT "operation_kind";
ALTER TABLE "operation" ADD CONSTRAINT "operation_kind" CHECK ("kind" IN
  ('SET_BALLOON_TARGET', 'INFLATE', 'DEFLATE', 'COMPACT', 'OFFLINE_MEMORY_BLOCK', 'ONLINE_MEMORY_BLOCK', 'PAUSE', 'RESUME'));
ALTER TABLE "operation" ADD CONSTRAINT "operation_work" CHECK (("target_bytes" IS NULL) <> ("work" IS NULL));

ALTER TABLE "guest" ADD COLUMN "numa_nodes" INTEGER NOT NULL DEFAULT 1;
