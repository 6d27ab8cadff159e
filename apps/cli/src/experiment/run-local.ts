/** Runs the cells of a spec on threads of this process, as many at a time as there are workers. */
import { CellThread, type Experiment } from '#cells';
import { cellKeys, type CellKey, type CellResult } from '#simulation';
import { NO_JOURNAL, type Journal } from './journal.js';

export interface LocalRun {
  readonly workers: number;
  /** Cells that ended, and the shares of those that run. */
  readonly onProgress: (done: number) => void;
  /** Ends the run early: cells that run are given up. */
  readonly signal: AbortSignal;
  readonly journal?: Journal;
}

/** Every cell's result in no particular order; only those that ended when the signal came. `thread`: what runs a cell. */
export async function runLocally(experiment: Experiment, run: LocalRun, thread?: URL): Promise<CellResult[]> {
  const journal = run.journal ?? NO_JOURNAL;
  const results: CellResult[] = [...journal.results];
  const done = new Set(results.map(({ key }) => nameOf(key)));
  const waiting = cellKeys(experiment.spec).filter((key) => !done.has(nameOf(key)));
  const shares = new Map<number, number>();
  const report = (): void => {
    run.onProgress(results.length + [...shares.values()].reduce((sum, share) => sum + share, 0));
  };
  const lane = async (at: number): Promise<void> => {
    let worker: CellThread | null = null;
    for (let key = waiting.shift(); key !== undefined && !run.signal.aborted; key = waiting.shift()) {
      worker ??= new CellThread(experiment, 0, thread);
      const result = await worker.run(key, run.signal, (share) => {
        shares.set(at, share);
        report();
      });
      shares.delete(at);
      if (worker.isDead) worker = null;
      if (result === null) break;
      results.push(result);
      journal.add(result);
      report();
    }
    await worker?.stop();
  };
  report();
  await Promise.all(Array.from({ length: Math.min(run.workers, waiting.length) }, (_, at) => lane(at)));
  return results;
}

function nameOf({ policyAt, ratioAt, seedAt }: CellKey): string {
  return `${policyAt} ${ratioAt} ${seedAt}`;
}
