/**
 * On which host should a guest be created? Only hosts that admit it come into question. SPREAD takes the one that is
 * promised least, PACK the fullest that still admits it (so that others stay empty), PRESSURE the one that suffers least
 * now: by how short of memory it is, then by how much its guests stall, which they may not do yet. Ties go to the first in
 * the order given.
 */
import { HOST_STATES, type HostState } from '#contracts';
import { percent, size } from './arithmetic/words.js';
import { nextHostState } from './host-state.js';
import { admit, type Admission, type AdmissionRules, type GuestRequest } from './admission.js';
import type { HostFigures } from './model/view.js';

export const PLACEMENT_STRATEGIES = ['SPREAD', 'PACK', 'PRESSURE'] as const;
export type PlacementStrategy = (typeof PLACEMENT_STRATEGIES)[number];

/** What placement looks at; a whole view of a host has it. */
export interface PlacementHost {
  readonly host: Pick<
    HostFigures,
    'id' | 'capacityBytes' | 'reservedBytes' | 'swapTotalBytes' | 'availableBytes' | 'pressure'
  >;
  readonly guests: readonly GuestRequest[];
}

export interface Place {
  readonly hostId: string;
  readonly reason: string;
}

export type Placement =
  ({ readonly outcome: 'PLACED' } & Place) | { readonly outcome: 'REFUSED'; readonly reason: string };

export type PlacementOfAll =
  | { readonly outcome: 'PLACED'; readonly places: readonly Place[] }
  | { readonly outcome: 'REFUSED'; readonly reason: string };

interface Candidate {
  readonly view: PlacementHost;
  readonly admission: Admission;
}

/** A place for each guest, in their order, or for none of them. A guest that is placed counts with its floor as in use. */
export function placeGuests(
  hosts: readonly PlacementHost[],
  guests: readonly GuestRequest[],
  strategy: PlacementStrategy,
  rules: AdmissionRules = {},
): PlacementOfAll {
  const present = [...hosts];
  const places: Place[] = [];
  for (const guest of guests) {
    const placement = placeGuest(present, guest, strategy, rules);
    if (placement.outcome === 'REFUSED') {
      const before = places.length > 0 ? `after ${places.length} of ${guests.length} found a place, ` : '';
      return { outcome: 'REFUSED', reason: `${before}${placement.reason}` };
    }
    const { hostId, reason } = placement;
    places.push({ hostId, reason });
    const at = present.findIndex(({ host }) => host.id === hostId);
    const chosen = present[at];
    if (chosen !== undefined) present[at] = withGuest(chosen, guest);
  }
  return { outcome: 'PLACED', places };
}

function withGuest({ host, guests }: PlacementHost, guest: GuestRequest): PlacementHost {
  const availableBytes = Math.max(0, host.availableBytes - guest.minBytes);
  return { host: { ...host, availableBytes }, guests: [...guests, guest] };
}

export function placeGuest(
  hosts: readonly PlacementHost[],
  guest: GuestRequest,
  strategy: PlacementStrategy,
  rules: AdmissionRules = {},
): Placement {
  const all = hosts.map((view) => ({ view, admission: admit(view.host, view.guests, [guest], rules) }));
  const able = all.filter(({ admission }) => admission.outcome === 'ADMITTED');
  const [first, ...others] = able;
  if (first === undefined) return { outcome: 'REFUSED', reason: whyNone(all, guest) };
  const rank = RANKS[strategy];
  const best = others.reduce((chosen, next) => (isBefore(rank.of(next), rank.of(chosen)) ? next : chosen), first);
  const refused = all.length - able.length;
  const reason = `${strategy} of ${able.length} hosts${refused > 0 ? ` (${refused} have no room)` : ''}: ${rank.say(best)}`;
  return { outcome: 'PLACED', hostId: best.view.host.id, reason };
}

interface Rank {
  /** Lower comes first; compared figure by figure. */
  readonly of: (candidate: Candidate) => readonly number[];
  readonly say: (candidate: Candidate) => string;
}

const RANKS: Readonly<Record<PlacementStrategy, Rank>> = {
  SPREAD: {
    of: (candidate) => [promisedRatio(candidate), candidate.admission.figures.overcommitRatio],
    say: (candidate) => `host ${candidate.view.host.id} will be promised least, ${promised(candidate)}`,
  },
  PACK: {
    of: (candidate) => [-promisedRatio(candidate), -candidate.admission.figures.overcommitRatio],
    say: (candidate) => `host ${candidate.view.host.id} will be the fullest that admits it, ${promised(candidate)}`,
  },
  PRESSURE: {
    of: ({ view }) => [
      HOST_STATES.indexOf(shortageOf(view)),
      view.host.pressure.some10,
      usedRatio(view),
      promisedRatioOf(view),
    ],
    say: ({ view }) =>
      `host ${view.host.id} suffers least: ${shortageOf(view)}, stalling ${percent(view.host.pressure.some10)} of the time, ` +
      `${percent(usedRatio(view))} of its memory used`,
  },
};

function promisedRatio({ admission: { figures } }: Candidate): number {
  return figures.forGuestsBytes > 0 ? 1 - figures.spareBytes / figures.forGuestsBytes : 1;
}

function promisedRatioOf(view: PlacementHost): number {
  return promisedRatio({ view, admission: admit(view.host, view.guests, []) });
}

function promised(candidate: Candidate): string {
  const { forGuestsBytes, spareBytes } = candidate.admission.figures;
  return `${percent(promisedRatio(candidate))} of ${size(forGuestsBytes)}, ${size(spareBytes)} to spare`;
}

/** By what is free now: guests placed a moment ago have not stalled yet, nor has the stored state of their host moved. */
function shortageOf(view: PlacementHost): HostState {
  return nextHostState('HIGH', 1 - usedRatio(view));
}

function usedRatio({ host }: PlacementHost): number {
  return host.capacityBytes > 0 ? 1 - host.availableBytes / host.capacityBytes : 1;
}

function isBefore(left: readonly number[], right: readonly number[]): boolean {
  for (let at = 0; at < left.length; at++) {
    const difference = (left[at] ?? 0) - (right[at] ?? 0);
    if (difference !== 0) return difference < 0;
  }
  return false;
}

/** The host that comes closest says how much is missing. */
function whyNone(all: readonly Candidate[], guest: GuestRequest): string {
  const [first, ...others] = all;
  if (first === undefined) return 'there is no host';
  const spare = ({ admission }: Candidate): number => admission.figures.spareBytes;
  const closest = others.reduce((best, next) => (spare(next) > spare(best) ? next : best), first);
  return `none of ${all.length} hosts admits ${guest.id} with its floor of ${size(guest.minBytes)}; closest: ${closest.admission.reason}`;
}
