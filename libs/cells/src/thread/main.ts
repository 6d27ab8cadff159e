/** Entry of a thread that runs cells, one after the other. */
import { setPriority } from 'node:os';
import { parentPort, workerData } from 'node:worker_threads';
import { openTextFiles } from '#platform';
import { experimentHtml, populationShown } from '#report';
import {
  assembleAnswer,
  boundOfExperiment,
  runCell,
  type CellKey,
  type CellResult,
  type TraceIndex,
} from '#simulation';
import { invariant } from '#units';
import type { CellReply, CellRequest, CellThreadData } from '../cell-protocol.js';
import { openExperiment } from '../open-experiment.js';

/** Progress more often than this is noise. */
const REPORT_EVERY_MS = 200;

const port = parentPort;
invariant(port !== null, 'a cell thread has a parent');
const { spec, traces, niceness } = workerData as CellThreadData;
let opened: TraceIndex | null = null;
let reported = 0;

// Only Linux takes "this process" for the thread that asks; elsewhere all threads would give way.
if (niceness > 0 && process.platform === 'linux') setPriority(niceness);

port.on('message', (request: CellRequest) => {
  port.postMessage(replyTo(request));
});

function replyTo(request: CellRequest): CellReply {
  if ('answer' in request) {
    return {
      kind: 'REPORTED',
      html: experimentHtml({ spec, ...request, series: populationShown(spec, traceIndex()) }),
    };
  }
  if ('results' in request) {
    const answer = assembleAnswer(spec, request.results, boundOfExperiment(spec, traceIndex()));
    return { kind: 'ANSWERED', answer };
  }
  if ('isCheck' in request) return { kind: 'CHECKED', problem: problemOfTraces() };
  return { kind: 'ENDED', result: resultOf(request) };
}

/** A cell that cannot be run says why; the others go on. */
function resultOf(key: CellKey): CellResult {
  try {
    return runCell(spec, key, traceIndex(), report);
  } catch (error) {
    return { status: 'FAILED', key, error: error instanceof Error ? error.message : String(error) };
  }
}

function problemOfTraces(): string | null {
  try {
    traceIndex();
    return null;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

/** Read once, when it is first needed. */
function traceIndex(): TraceIndex | null {
  if (traces === null) return null;
  const { path, index } = traces;
  opened ??= index === null ? openExperiment(spec, path).index : { ...index, files: openTextFiles(path) };
  return opened;
}

function report(share: number): void {
  const now = Date.now();
  if (now - reported < REPORT_EVERY_MS) return;
  reported = now;
  port?.postMessage({ kind: 'PROGRESS', share } satisfies CellReply);
}
