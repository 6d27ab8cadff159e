/**
 * When the recorder took a page map and nothing else. Such a snapshot writes stat_refresh like any other, which makes per-CPU
 * lists give back, so the replay must know of it. Recordings name the maps; the names say at which step they were taken.
 */
import type { RecordedStep, Recording } from './recording.js';

export interface MapSnapshots {
  /** Indexes of steps that a map was taken before. */
  readonly before: ReadonlySet<number>;
  /** Indexes of steps that a map was taken after, following their own snapshot. */
  readonly after: ReadonlySet<number>;
}

export function mapSnapshots(recording: Recording): MapSnapshots {
  const before = new Set<number>();
  const after = new Set<number>();
  const names = new Set(Object.keys(recording).filter((name) => name.startsWith('pagemap_rle_')));
  const has = (name: string): boolean => names.has(`pagemap_rle_${name}`);
  const { steps } = recording;
  const isPunch = (index: number): boolean => commandOf(steps[index]).includes('punch ');
  let punches = 0;
  let compactions = 0;
  let isFirst = false;
  steps.forEach(({ op }, index) => {
    if (isPunch(index)) {
      punches++;
      isFirst = true;
      if (punches === 1 && ['punched', 'frag', 'holes'].some(has)) after.add(index);
    }
    if (op !== 'compact_memory') return;
    compactions++;
    if (isFirst && has(`${punches - 1}_before`)) before.add(index);
    if (isFirst && has(`${punches - 1}_after`)) after.add(index);
    if (compactions === 1 && has('before_compact1')) before.add(index);
    if (compactions === 1 && has('after_compact1')) after.add(index);
    isFirst = false;
  });
  if (has('most_inflated')) after.add(mostInflated(recording));
  return { before, after };
}

function commandOf(step: RecordedStep | undefined): string {
  const command = step?.args['cmd'];
  return typeof command === 'string' ? command : '';
}

/** The step after which the balloon is largest, the first of equals. */
function mostInflated({ steps }: Recording): number {
  let most = -1;
  let least = Infinity;
  steps.forEach(({ after }, index) => {
    if (after == null || after.qmp_actual >= least) return;
    least = after.qmp_actual;
    most = index;
  });
  return most;
}
