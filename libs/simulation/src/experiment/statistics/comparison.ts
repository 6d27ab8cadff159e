/**
 * How surely policies differ from a baseline: two-sided p values, corrected for how many policies are compared at once (Holm, 1979:
 * the chance that any of them is called different without being so stays below the level).
 */
import { mean } from './intervals.js';

/** Of Student's t for paired differences, under no difference; null when one run or none says nothing of its spread. */
export function studentP(differences: readonly number[]): number | null {
  const freedom = differences.length - 1;
  if (freedom < 1) return null;
  const center = mean(differences);
  if (center === 0) return 1;
  const variance = differences.reduce((sum, value) => sum + (value - center) ** 2, 0) / freedom;
  return 1 - studentShare(Math.abs(center) / Math.sqrt(variance / differences.length), freedom);
}

/** Of bootstrap replicates of a difference: those on the far side of zero, none counting as fewer than one. */
export function bootstrapP(differences: readonly number[]): number | null {
  if (differences.length === 0) return null;
  const below = differences.filter((value) => value <= 0).length;
  const above = differences.filter((value) => value >= 0).length;
  return Math.min(1, (2 * (Math.min(below, above) + 1)) / (differences.length + 1));
}

/** Adjusted p values in the order given; what is null stays null and is not counted. */
export function holm(values: readonly (number | null)[]): (number | null)[] {
  const known = values.filter((value) => value !== null).sort((one, other) => one - other);
  let least = 0;
  const adjusted = known.map((value, at) => (least = Math.max(least, Math.min(1, (known.length - at) * value))));
  return values.map((value) => (value === null ? null : (adjusted[known.indexOf(value)] ?? null)));
}

/** Chance that |t| stays below `t` ≥ 0, for a whole number of degrees of freedom (Abramowitz & Stegun 26.7.3 and 26.7.4). */
function studentShare(t: number, freedom: number): number {
  const angle = Math.atan(t / Math.sqrt(freedom));
  const cosine = Math.cos(angle);
  const isOdd = freedom % 2 === 1;
  let term = isOdd ? cosine : 1;
  let sum = freedom === 1 ? 0 : term;
  for (let power = isOdd ? 3 : 2; power <= freedom - 2; power += 2) {
    term *= (cosine ** 2 * (power - 1)) / power;
    sum += term;
  }
  return isOdd ? (2 / Math.PI) * (angle + Math.sin(angle) * sum) : Math.sin(angle) * sum;
}
