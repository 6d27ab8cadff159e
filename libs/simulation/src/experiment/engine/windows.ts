import type { ExperimentSpec } from '../model/spec.js';

/** True for the step up to `timeMs` when it ends a window of the objective, or the run, whose last window may be shorter. */
export function endsWindow({ slo, stepMs, durationMs }: ExperimentSpec, timeMs: number): boolean {
  const windowsAt = (atMs: number): number => Math.floor(atMs / slo.windowMs);
  return timeMs >= durationMs || windowsAt(timeMs) > windowsAt(timeMs - stepMs);
}
