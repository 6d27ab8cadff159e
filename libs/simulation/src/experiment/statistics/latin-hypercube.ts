/** Which constants an answer hangs on: points spread evenly over their ranges, and how an outcome follows each of them. */
import { RandomStream } from '#units';

export interface Range {
  readonly name: string;
  readonly low: number;
  readonly high: number;
}

/** `count` points of the ranges: each range is cut into as many strata, and each stratum of each is used once. */
export function latinHypercube(ranges: readonly Range[], count: number, seed: number): Record<string, number>[] {
  const points = Array.from({ length: count }, (): Record<string, number> => ({}));
  for (const { name, low, high } of ranges) {
    const random = RandomStream.of(seed, `latin hypercube ${name}`);
    const strata = points.map((_, at) => at);
    for (let at = count - 1; at > 0; at--) {
      const other = random.nextBelow(at + 1);
      [strata[at], strata[other]] = [strata[other] ?? 0, strata[at] ?? 0];
    }
    for (const [at, point] of points.entries()) {
      point[name] = low + ((high - low) * ((strata[at] ?? 0) + random.nextFloat())) / count;
    }
  }
  return points;
}

/** Spearman's rank correlation, −1 to 1; 0 when one of the columns stands still. */
export function rankCorrelation(one: readonly number[], other: readonly number[]): number {
  const left = ranks(one);
  const right = ranks(other);
  const middle = (one.length + 1) / 2;
  let both = 0;
  let leftSquares = 0;
  let rightSquares = 0;
  for (const [at, rank] of left.entries()) {
    const a = rank - middle;
    const b = (right[at] ?? 0) - middle;
    both += a * b;
    leftSquares += a * a;
    rightSquares += b * b;
  }
  return leftSquares === 0 || rightSquares === 0 ? 0 : both / Math.sqrt(leftSquares * rightSquares);
}

/** From 1; equal values share their mean rank. */
function ranks(values: readonly number[]): number[] {
  const sorted = [...values].sort((one, other) => one - other);
  return values.map((value) => (sorted.indexOf(value) + sorted.lastIndexOf(value)) / 2 + 1);
}
