/**
 * What the load of guests has in common. Each guest's z(t) is normal with variance 1 and a sum of three parts: one of the whole
 * fleet, one of its tenant, one of its own. Five-minute memory series of recorded VMs are nearly uncorrelated (GWA-T-12: mean r
 * 0.014; Google 2011: 0.057), so that fleets put together from them without a common part promise too much; patch days and month
 * ends happen to all at once. The shares are guesses: 0.25 within a tenant, 0.03 in the fleet, 0.15 under stress.
 *
 * Through time the parts follow the autocorrelation of the median VM of GWA-T-12, 0.62 after five minutes, 0.28 after an hour, 0.19
 * after six hours and 0.17 after a day: a slow and a fast first-order process and noise.
 */
import { RandomStream } from '#units';

export const STEP_MS = 300_000;

/** Weight in the variance and memory from step to step. */
const SLOW = { weight: 0.197, memory: 0.999_49 };
const FAST = { weight: 0.49, memory: 0.863 };

export interface FactorShares {
  readonly fleet: number;
  readonly tenant: number;
}

/** A normal process of variance 1, one value a step. `noisy`: with the part that has no memory. */
export function normalProcess(random: RandomStream, steps: number, noisy: boolean): Float64Array {
  const total = noisy ? 1 : SLOW.weight + FAST.weight;
  let slow = random.nextNormal();
  let fast = random.nextNormal();
  return Float64Array.from({ length: steps }, () => {
    slow = SLOW.memory * slow + Math.sqrt(1 - SLOW.memory ** 2) * random.nextNormal();
    fast = FAST.memory * fast + Math.sqrt(1 - FAST.memory ** 2) * random.nextNormal();
    const noise = noisy ? Math.sqrt(1 - SLOW.weight - FAST.weight) * random.nextNormal() : 0;
    return (Math.sqrt(SLOW.weight) * slow + Math.sqrt(FAST.weight) * fast + noise) / Math.sqrt(total);
  });
}

/** What is common to the guests of one experiment under one seed. */
export class CommonFactor {
  readonly #fleet: Float64Array;
  readonly #tenants = new Map<number, Float64Array>();

  /** `durationMs`: after it, everything begins again. */
  constructor(
    private readonly shares: FactorShares,
    private readonly seed: number,
    durationMs: number,
    private readonly noisy: boolean,
  ) {
    const steps = Math.max(1, Math.ceil(durationMs / STEP_MS));
    this.#fleet = normalProcess(RandomStream.of(seed, 'fleet factor'), steps, noisy);
  }

  /** The common part of a guest of `tenant` at a time, with variance fleet + tenant. */
  at(tenant: number, timeMs: number): number {
    const step = Math.floor(timeMs / STEP_MS) % this.#fleet.length;
    const { fleet, tenant: ofTenant } = this.shares;
    return Math.sqrt(fleet) * (this.#fleet[step] ?? 0) + Math.sqrt(ofTenant) * (this.#tenantFactor(tenant)[step] ?? 0);
  }

  /** Standard deviation left to a guest's own part. */
  get ownDeviation(): number {
    return Math.sqrt(Math.max(0, 1 - this.shares.fleet - this.shares.tenant));
  }

  get isNone(): boolean {
    return this.shares.fleet === 0 && this.shares.tenant === 0;
  }

  #tenantFactor(tenant: number): Float64Array {
    const known = this.#tenants.get(tenant);
    if (known !== undefined) return known;
    const random = RandomStream.of(this.seed, `tenant factor ${tenant}`);
    const factor = normalProcess(random, this.#fleet.length, this.noisy);
    this.#tenants.set(tenant, factor);
    return factor;
  }
}

/**
 * When each row of a series happens so that its ranks follow own and common part together: `order[at]` is the row that takes the
 * place of row `at`. Every row happens once, so that the marginal distribution is the recorded one; without a common part every
 * row keeps its place.
 */
export function orderWithCommon(values: readonly number[], common: (row: number) => number, own: number): Int32Array {
  const scores = normalScores(values);
  const wanted = Float64Array.from(scores, (score, row) => own * score + common(row));
  const byValue = sortedRows(values);
  const byWish = sortedRows(wanted);
  const order = new Int32Array(values.length);
  for (let rank = 0; rank < order.length; rank++) order[byWish[rank] ?? 0] = byValue[rank] ?? 0;
  return order;
}

function sortedRows(values: ArrayLike<number>): Int32Array {
  const rows = Int32Array.from({ length: values.length }, (_, row) => row);
  return rows.sort((one, other) => (values[one] ?? 0) - (values[other] ?? 0) || one - other);
}

/** What each value would be if they were normal; equal values share their middle rank. */
function normalScores(values: readonly number[]): Float64Array {
  const rows = sortedRows(values);
  const scores = new Float64Array(values.length);
  for (let from = 0; from < rows.length;) {
    let to = from + 1;
    while (to < rows.length && values[rows[to] ?? 0] === values[rows[from] ?? 0]) to++;
    const score = normalQuantile((from + to) / 2 / rows.length);
    for (let rank = from; rank < to; rank++) scores[rows[rank] ?? 0] = score;
    from = to;
  }
  return scores;
}

/** x with P(normal < x) = p, to 5e-4 (Abramowitz and Stegun 26.2.23); 0 < p < 1. */
export function normalQuantile(p: number): number {
  if (p > 0.5) return -normalQuantile(1 - p);
  const t = Math.sqrt(-2 * Math.log(Math.max(p, Number.MIN_VALUE)));
  return (2.515517 + t * (0.802853 + t * 0.010328)) / (1 + t * (1.432788 + t * (0.189269 + t * 0.001308))) - t;
}
