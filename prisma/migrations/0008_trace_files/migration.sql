-- The files of an imported trace as they came: every worker reads them from here for experiments, whatever lies on its disk.
CREATE TABLE "trace_file" (
    "trace_id" UUID NOT NULL,
    "place" INTEGER NOT NULL,
    "name" TEXT NOT NULL,
    "text_gzip" BYTEA NOT NULL,
    CONSTRAINT "trace_file_pkey" PRIMARY KEY ("trace_id", "place"),
    CONSTRAINT "trace_file_name_key" UNIQUE ("trace_id", "name"),
    CONSTRAINT "trace_file_trace" FOREIGN KEY ("trace_id") REFERENCES "trace"("id") ON DELETE CASCADE
);
-- Compressed already.
ALTER TABLE "trace_file" ALTER COLUMN "text_gzip" SET STORAGE EXTERNAL;
