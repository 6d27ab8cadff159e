/**
 * Cells that are done, a line each, so that a run that was killed goes on where it was. The first line says of which experiment; a last
 * line that was torn by the kill is cut off.
 */
import { appendFileSync, existsSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import type { Experiment } from '#cells';
import { DomainError } from '#contracts';
import type { CellResult } from '#simulation';

export interface Journal {
  /** What earlier runs finished. */
  readonly results: readonly CellResult[];
  readonly add: (result: CellResult) => void;
}

/** For a run that nobody wants to resume. */
export const NO_JOURNAL: Journal = { results: [], add: () => undefined };

/** Throws DomainError BAD_INPUT when the file is not a journal of this experiment. */
export function openJournal(path: string, experiment: Experiment): Journal {
  const heading = JSON.stringify(identityOf(experiment));
  const results = existsSync(path) ? readDone(path, heading) : start(path, heading);
  return {
    results,
    // One that failed may well succeed next time.
    add: (result) => {
      if (result.status === 'DONE') appendFileSync(path, `${JSON.stringify(result)}\n`);
    },
  };
}

/** The spec, and enough of the traces to tell that they are still the same. */
function identityOf({ spec, index }: Experiment): object {
  if (index === null) return { spec };
  const { rowCount, startMs, vms } = index;
  return { spec, rowCount, startMs, meanBytes: vms.reduce((sum, vm) => sum + vm.meanBytes, 0) };
}

function start(path: string, heading: string): CellResult[] {
  writeFileSync(path, `${heading}\n`);
  return [];
}

function readDone(path: string, heading: string): CellResult[] {
  const text = readFileSync(path, 'utf8');
  const whole = text.slice(0, text.lastIndexOf('\n') + 1);
  const [first, ...lines] = whole.split('\n').slice(0, -1);
  if (text === '' || (first === undefined && heading.startsWith(text))) return start(path, heading);
  if (first !== heading) {
    throw new DomainError('BAD_INPUT', `--journal: ${path} belongs to another experiment; give another file`);
  }
  truncateSync(path, Buffer.byteLength(whole));
  return lines.map((line) => JSON.parse(line) as CellResult);
}
