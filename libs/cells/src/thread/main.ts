/** Entry of a thread that runs cells, one after the other. */
import { parentPort, workerData } from 'node:worker_threads';
import { openTextFiles } from '#platform';
import { runCell, type CellResult, type TraceIndex } from '#simulation';
import { invariant } from '#units';
import type { CellReply, CellRequest, CellThreadData } from '../cell-protocol.js';

/** Progress more often than this is noise. */
const REPORT_EVERY_MS = 200;

const port = parentPort;
invariant(port !== null, 'a cell thread has a parent');
const { spec, traces } = workerData as CellThreadData;
const index: TraceIndex | null = traces === null ? null : { ...traces.index, files: openTextFiles(traces.path) };
let reported = 0;

port.on('message', (key: CellRequest) => {
  port.postMessage({ kind: 'ENDED', result: resultOf(key) } satisfies CellReply);
});

/** A cell that cannot be run says why; the others go on. */
function resultOf(key: CellRequest): CellResult {
  try {
    return runCell(spec, key, index, report);
  } catch (error) {
    return { status: 'FAILED', key, error: error instanceof Error ? error.message : String(error) };
  }
}

function report(share: number): void {
  const now = Date.now();
  if (now - reported < REPORT_EVERY_MS) return;
  reported = now;
  port?.postMessage({ kind: 'PROGRESS', share } satisfies CellReply);
}
