/**
 * The hierarchical bootstrap: a replicate draws seeds, of each its tenants, of each its guests, of each its days, all with
 * replacement. One draw serves every policy and ratio, whose cells share guests and demand under a seed: differences
 * between policies are paired, and a frontier is drawn as a whole.
 */
import type { RandomStream } from '#units';
import { policyViolated, type CellResult, type GuestOutcome } from '../model/cell.js';

export type DoneCell = Extract<CellResult, { status: 'DONE' }>;

/** One seed of a replicate: how often each day of each guest was drawn. */
export interface DrawnFleet {
  readonly seedAt: number;
  /** By guest × days + day. */
  readonly weights: Float64Array;
}

/** A fleet's guests as columns, by guest × days + day. */
export interface GuestDays {
  readonly days: number;
  readonly guests: number;
  readonly windows: Float64Array;
  readonly violated: Float64Array;
  /** Of these, what full backing would have spared the guest. */
  readonly policyViolated: Float64Array;
  readonly usefulMs: Float64Array;
  readonly stalledMs: Float64Array;
}

const MOST_REPLICATES = 1000;
const LEAST_REPLICATES = 200;
/** Guest-days over all cells and replicates: more would take minutes. */
const MOST_WORK = 100_000_000;

export function replicatesFor(cells: readonly DoneCell[]): number {
  const work = cells.reduce((sum, { guests }) => sum + guests.length * (guests[0]?.days.length ?? 0), 0);
  return Math.max(LEAST_REPLICATES, Math.min(MOST_REPLICATES, Math.floor(MOST_WORK / Math.max(1, work))));
}

export function toGuestDays(guests: readonly GuestOutcome[]): GuestDays {
  const days = Math.max(0, ...guests.map((guest) => guest.days.length));
  const column = (read: (day: GuestOutcome['days'][number]) => number): Float64Array => {
    const values = new Float64Array(guests.length * days);
    for (const [at, guest] of guests.entries()) {
      for (const [day, outcome] of guest.days.entries()) values[at * days + day] = read(outcome);
    }
    return values;
  };
  return {
    days,
    guests: guests.length,
    windows: column(({ windows }) => windows),
    violated: column(({ violatedWindows }) => violatedWindows),
    policyViolated: column(policyViolated),
    usefulMs: column(({ usefulMs }) => usefulMs),
    stalledMs: column(({ stalledMs }) => stalledMs),
  };
}

/** One replicate. `fleets`: the guests of each seed (of any of its cells). */
export function drawFleets(fleets: ReadonlyMap<number, readonly GuestOutcome[]>, random: RandomStream): DrawnFleet[] {
  const seeds = [...fleets.keys()];
  return seeds.map(() => {
    const seedAt = seeds[random.nextBelow(seeds.length)] ?? 0;
    const guests = fleets.get(seedAt) ?? [];
    const days = Math.max(0, ...guests.map((guest) => guest.days.length));
    const weights = new Float64Array(guests.length * days);
    const tenants = byTenant(guests);
    for (let draw = 0; draw < tenants.length; draw++) {
      const members = tenants[random.nextBelow(tenants.length)] ?? [];
      for (let member = 0; member < members.length; member++) {
        const guest = members[random.nextBelow(members.length)] ?? 0;
        for (let day = 0; day < days; day++) {
          const at = guest * days + random.nextBelow(days);
          weights[at] = (weights[at] ?? 0) + 1;
        }
      }
    }
    return { seedAt, weights };
  });
}

function byTenant(guests: readonly GuestOutcome[]): number[][] {
  const tenants = new Map<number, number[]>();
  for (const [at, { tenant }] of guests.entries()) tenants.set(tenant, [...(tenants.get(tenant) ?? []), at]);
  return [...tenants.values()];
}

export interface WindowRatios {
  readonly violated: number;
  readonly worstGuest: number;
  readonly policyViolated: number;
  readonly worstGuestOfPolicy: number;
  readonly useful: number;
}

/** The ratios of drawn fleets; null when none of them has a cell here. */
export function ratiosOf(cells: ReadonlyMap<number, GuestDays>, draw: readonly DrawnFleet[]): WindowRatios | null {
  let windows = 0;
  let violated = 0;
  let ofPolicy = 0;
  let usefulMs = 0;
  let stalledMs = 0;
  let worstGuest = 0;
  let worstGuestOfPolicy = 0;
  for (const { seedAt, weights } of draw) {
    const fleet = cells.get(seedAt);
    if (fleet === undefined) continue;
    for (let guest = 0; guest < fleet.guests; guest++) {
      let ownWindows = 0;
      let ownViolated = 0;
      let ownOfPolicy = 0;
      for (let at = guest * fleet.days; at < (guest + 1) * fleet.days; at++) {
        const weight = weights[at] ?? 0;
        ownWindows += weight * (fleet.windows[at] ?? 0);
        ownViolated += weight * (fleet.violated[at] ?? 0);
        ownOfPolicy += weight * (fleet.policyViolated[at] ?? 0);
        usefulMs += weight * (fleet.usefulMs[at] ?? 0);
        stalledMs += weight * (fleet.stalledMs[at] ?? 0);
      }
      windows += ownWindows;
      violated += ownViolated;
      ofPolicy += ownOfPolicy;
      if (ownWindows === 0) continue;
      worstGuest = Math.max(worstGuest, ownViolated / ownWindows);
      worstGuestOfPolicy = Math.max(worstGuestOfPolicy, ownOfPolicy / ownWindows);
    }
  }
  if (windows === 0) return null;
  return {
    violated: violated / windows,
    worstGuest,
    policyViolated: ofPolicy / windows,
    worstGuestOfPolicy,
    useful: usefulMs + stalledMs > 0 ? usefulMs / (usefulMs + stalledMs) : 1,
  };
}
