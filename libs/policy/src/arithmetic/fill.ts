/**
 * Sharing a total by weight between a lower and an upper bound each: part_i = clamp(weight_i × level, low_i, high_i) with
 * the one level at which the parts add up to the total. With weight = shares / cost this is the point at which
 * min-funding revocation comes to rest: all unclamped parts pay the same price.
 *
 * Cost: O(n log n), by sweeping the levels at which a part leaves or reaches a bound. Exact up to rounding of floats.
 */
export interface Claim {
  /** ≥ 0. */
  readonly low: number;
  /** ≥ low. */
  readonly high: number;
  /** ≥ 0; 0 stays at its lower bound. */
  readonly weight: number;
}

interface Bend {
  readonly level: number;
  /** How the slope of the sum changes above this level. */
  readonly slopeChange: number;
}

/** Parts in the order of the claims. A total below the sum of lows (above that of highs) gives every claim its low (high). */
export function fillByWeight(claims: readonly Claim[], total: number): number[] {
  const level = levelFor(claims, total);
  return claims.map(({ low, high, weight }) => {
    if (weight <= 0) return low;
    return Math.min(Math.max(weight * level, low), high);
  });
}

function levelFor(claims: readonly Claim[], total: number): number {
  let sum = 0;
  const bends: Bend[] = [];
  for (const { low, high, weight } of claims) {
    sum += low;
    if (weight <= 0 || high <= low) continue;
    bends.push({ level: low / weight, slopeChange: weight }, { level: high / weight, slopeChange: -weight });
  }
  bends.sort((left, right) => left.level - right.level);

  let level = 0;
  let slope = 0;
  let open = 0; // parts on the move: keeps the slope exactly 0 when none is, whatever rounding left in it
  for (const bend of bends) {
    const reached = sum + slope * (bend.level - level);
    if (reached >= total) break;
    sum = reached;
    level = bend.level;
    open += bend.slopeChange > 0 ? 1 : -1;
    slope = open === 0 ? 0 : slope + bend.slopeChange;
  }
  return slope > 0 ? level + Math.max(0, total - sum) / slope : level;
}
