/** A figure over time, as points with straight lines between: how recorded programs went. */
export type Point = readonly [at: number, figure: number];

/** At `at`, from nothing at 0; after the last point it stays. */
export function figureAt(course: readonly Point[], at: number): number {
  let [since, had]: Point = [0, 0];
  for (const [until, figure] of course) {
    if (until >= at) return had + ((figure - had) * (at - since)) / (until - since);
    [since, had] = [until, figure];
  }
  return had;
}
