/**
 * A host whose guests' balloon drivers have the vices of the squeezed scenarios: slow, with a hidden floor, stuck now and
 * then, stuck for good. Sizes in KiB as in the case file, steps of 0.1 s. A guest that shrinks comes to rest `inaccuracy`
 * above its target, and grows only into free memory.
 */
import { KIB } from '#units';
import type { JsonValue } from '../../src/model/json.js';
import type { Plan } from '../../src/model/plan.js';
import type { HostView } from '../../src/model/view.js';
import { aGuest, aHost } from './build.js';

export interface Driver {
  kind: 'rate' | 'rate_with_floor' | 'intermittently_stuck' | 'stuck';
  rate_per_s?: number;
  floor?: number;
  half_period_s?: number;
}

export interface Domain {
  domid: number;
  dynamic_min: number;
  dynamic_max: number;
  target: number;
  memory_actual: number;
  inaccuracy: number;
  driver: Driver;
}

const STEP_S = 0.1;

export class StickyHost {
  timeS = 0;
  readonly domains: Domain[];

  constructor(
    domains: readonly Domain[],
    public freeKib: number,
  ) {
    this.domains = structuredClone([...domains]);
  }

  view(): HostView {
    const guests = this.domains.map((domain) =>
      aGuest({
        id: String(domain.domid),
        assignedBytes: domain.dynamic_max * KIB,
        minBytes: domain.dynamic_min * KIB,
        balloonTargetBytes: (domain.dynamic_max - domain.target) * KIB,
        balloonActualBytes: (domain.dynamic_max - domain.memory_actual) * KIB,
        stats: null,
      }),
    );
    const host = aHost({ capacityBytes: 1e12, freeBytes: this.freeKib * KIB, availableBytes: this.freeKib * KIB });
    return { timeMs: this.timeS * 1000, host, guests };
  }

  /** Sets the targets of a plan as the policy's own arithmetic has them. */
  apply(plan: Plan): void {
    for (const { id, rawBalloonTargetBytes } of plan.guests) {
      const domain = this.domains.find(({ domid }) => String(domid) === id)!;
      domain.target = domain.dynamic_max - rawBalloonTargetBytes / KIB;
    }
  }

  step(): void {
    this.timeS += STEP_S;
    for (const domain of this.domains) {
      const change = this.#movable(domain);
      domain.memory_actual += change;
      this.freeKib -= change;
    }
  }

  /** Free memory that is left even if every guest drifts up to its target and its inaccuracy. */
  guaranteedFreeKib(): number {
    return this.domains.reduce(
      (free, { target, inaccuracy, memory_actual }) => free - Math.max(0, target + inaccuracy - memory_actual),
      this.freeKib,
    );
  }

  #movable({ driver, target, memory_actual: actual, inaccuracy }: Domain): number {
    if (driver.kind === 'stuck') return 0;
    if (driver.kind === 'intermittently_stuck') {
      const halfPeriod = Math.floor(this.timeS / (driver.half_period_s ?? 1));
      if (halfPeriod % 2 === 1) return 0;
    }
    const most = (driver.rate_per_s ?? 0) * STEP_S;
    if (target > actual) return Math.min(most, target - actual, Math.max(0, this.freeKib));
    const lowest = driver.kind === 'rate_with_floor' ? (driver.floor ?? 0) : 0;
    const wanted = Math.max(target + inaccuracy, lowest);
    return -Math.min(most, Math.max(0, actual - wanted));
  }
}

export interface Outcome {
  readonly isDone: boolean;
  readonly lastPlan: Plan;
}

/** Decides and steps until `isDone` or for at most `maxS` seconds; `check` sees every plan before it is applied. */
export function drive(
  host: StickyHost,
  decide: (view: HostView, memory: JsonValue) => Plan,
  isDone: () => boolean,
  check: (plan: Plan) => void,
  maxS = 120,
): Outcome {
  const endS = host.timeS + maxS;
  let plan = decide(host.view(), null);
  while (host.timeS < endS && !isDone()) {
    check(plan);
    host.apply(plan);
    host.step();
    plan = decide(host.view(), plan.memory);
  }
  return { isDone: isDone(), lastPlan: plan };
}
