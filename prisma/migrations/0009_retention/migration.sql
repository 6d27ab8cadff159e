-- Operations age out like the history that they explain: the old ones are found by when they ended.
CREATE INDEX "operation_finished_at_idx" ON "operation"("finished_at");
-- When a guest's balloon was moved last, and what moved it lately, without reading all that ever did.
CREATE INDEX "operation_guest_id_applied_tick_idx" ON "operation"("guest_id", "applied_tick");
CREATE INDEX "rebalance_move_operation_id_idx" ON "rebalance_move"("operation_id");
