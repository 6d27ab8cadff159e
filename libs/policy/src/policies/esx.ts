/**
 * VMware ESX's allocation (C. Waldspurger, Memory Resource Management in VMware ESX Server, OSDI 2002, sections 5 and 6):
 * memory is revoked from the guest that pays least for it, where a guest pays shares per page and an idle page costs
 * k = 1 / (1 − tax) times an active one. Where revocation comes to rest all guests pay the same, so the sizes are computed
 * at once instead of page by page. How active a guest is comes from page sampling, as the largest of three averages: up
 * at once, down slowly. While the host's state is HIGH it gains nothing: what is spare is given, and memory only moves between
 * guests, as ESX rebalances by its estimates of idle memory; below HIGH memory is reclaimed up to the HIGH threshold.
 */
import { HOST_STATES } from '#contracts';
import { MIB, PAGE_SIZE_BYTES } from '#units';
import { fillByWeight } from '../arithmetic/fill.js';
import { ceilingBytes, clamp, floorBytes, settledAvailableBytes, sumOf, targetSizeBytes } from '../model/sizes.js';
import { percent, size } from '../arithmetic/words.js';
import { nextHostState } from '../host-state.js';
import { numeric, type ValuesOf } from '../model/parameters.js';
import type { JsonValue } from '../model/json.js';
import type { Move, Stay } from '../model/decision.js';
import { definePolicy } from '../model/policy.js';
import { choice, mapOf, optional, ratio, record } from '../model/shape.js';
import type { GuestView, HostView } from '../model/view.js';

const PARAMETERS = {
  idleTaxRatio: numeric('ratio', 0.75, 'tax on idle memory; below 1, at which an idle page would cost without limit', {
    max: 0.999,
    otherNames: ['tau', 'defaultTau', { name: 'idleTaxPercent', factor: 0.01 }],
  }),
  slowGainRatio: numeric('ratio', 0.1, 'weight of a new sample in the slow average (a guess)', { max: 1 }),
  fastGainRatio: numeric('ratio', 0.5, 'weight of a new sample in the fast average (a guess)', { max: 1 }),
  highRatio: numeric('ratio', 0.06, 'free share of the host above which nothing is reclaimed', { max: 1 }),
  softRatio: numeric('ratio', 0.04, 'free share below which guests are ballooned', { max: 1 }),
  hardRatio: numeric('ratio', 0.02, 'free share below which the host must page', { max: 1 }),
  lowRatio: numeric('ratio', 0.01, 'free share below which guests above their target are blocked', { max: 1 }),
  maxBalloonRatio: numeric('ratio', 0.65, 'largest balloon as a share of the configured memory', { max: 1 }),
  deadZoneBytes: numeric('bytes', 4 * MIB, 'smaller changes are left out (a guess)'),
} as const;

type Values = ValuesOf<typeof PARAMETERS>;

const averages = record({ slowRatio: ratio('slow average'), fastRatio: ratio('fast average') }, 'active share');
const memoryShape = record(
  { state: optional(choice(HOST_STATES, 'state of the host')), guests: mapOf(averages, 'by guest') },
  'state and averages',
);

/** What an idle page costs, an active one being 1. */
export function idlePageCost(idleTaxRatio: number): number {
  return 1 / (1 - idleTaxRatio);
}

/** What a page costs on average in a guest of which `activeRatio` is active: from 1 up to the cost of an idle page. */
export function pageCost(activeRatio: number, idleTaxRatio: number): number {
  return activeRatio + idlePageCost(idleTaxRatio) * (1 - activeRatio);
}

/** Adjusted shares per page: memory is revoked from the guest with the smallest first. */
export function sharesPerPage(shares: number, pages: number, activeRatio: number, idleTaxRatio: number): number {
  return shares / (pages * pageCost(activeRatio, idleTaxRatio));
}

interface Tenant {
  readonly guest: GuestView;
  readonly activeRatio: number;
  readonly low: number;
  readonly high: number;
  readonly weight: number;
}

export const esx = definePolicy({
  name: 'esx',
  description: 'Min-funding revocation with an idle-memory tax; reclaims by host state with hysteresis.',
  origin: 'C. Waldspurger, OSDI 2002; thresholds and tax of the ESX manuals',
  parameters: PARAMETERS,
  memory: memoryShape,
  needs: () => ['idleRatio'],
  decide: ({ view, guests, values, memory }) => {
    const remembered = new Map<string, JsonValue>();
    const tenants = guests.map((guest) => {
      const { activeRatio, slowRatio, fastRatio } = averageActivity(guest, memory.guests.get(guest.id), values);
      remembered.set(guest.id, { slowRatio, fastRatio });
      return tenantOf(guest, activeRatio, values);
    });
    const state = stateAfter(view, memory.state ?? view.host.state, values);
    const highBytes = values.highRatio * view.host.capacityBytes;
    const spareBytes = settledAvailableBytes(view) - highBytes - sumOf(view.guests, (guest) => guest.swappedBytes);
    const presentBytes = sumOf(guests, targetSizeBytes);
    const budgetBytes = presentBytes + (state === 'HIGH' ? Math.max(0, spareBytes) : spareBytes);
    const sizes = fillByWeight(tenants, budgetBytes);

    const moves: Move[] = [];
    const stays: Stay[] = [];
    tenants.forEach((tenant, index) => {
      const sizeBytes = sizes[index] ?? targetSizeBytes(tenant.guest);
      const change = sizeBytes - targetSizeBytes(tenant.guest);
      if (change === 0) return;
      const isSlight = Math.abs(change) < values.deadZoneBytes && sizeBytes !== tenant.high;
      if (isSlight)
        stays.push({ guest: tenant.guest, cause: 'UNCHANGED', reason: `${size(change)} is within the dead zone` });
      else moves.push(moveOf(tenant, sizeBytes, `host ${state}`, values));
    });
    return {
      moves,
      stays,
      neededBytes: presentBytes - budgetBytes,
      memory: { state, guests: Object.fromEntries(remembered) },
      policyFloorBytes: (guest) => lowestSizeBytes(guest, values),
    };
  },
});

function stateAfter(view: HostView, current: HostView['host']['state'], values: Values): typeof current {
  const freeRatio = view.host.capacityBytes > 0 ? view.host.availableBytes / view.host.capacityBytes : 0;
  return nextHostState(current, freeRatio, {
    HIGH: values.highRatio,
    SOFT: values.softRatio,
    HARD: values.hardRatio,
    LOW: values.lowRatio,
  });
}

interface Activity {
  readonly slowRatio: number;
  readonly fastRatio: number;
}

/** The largest of slow average, fast average and the newest sample: a guest that wakes up is believed at once. */
function averageActivity(
  guest: GuestView,
  before: Activity | undefined,
  { slowGainRatio, fastGainRatio }: Values,
): Activity & { readonly activeRatio: number } {
  const sample = 1 - (guest.stats?.idleRatio ?? 0);
  const slowRatio = before === undefined ? sample : before.slowRatio + slowGainRatio * (sample - before.slowRatio);
  const fastRatio = before === undefined ? sample : before.fastRatio + fastGainRatio * (sample - before.fastRatio);
  return { slowRatio, fastRatio, activeRatio: Math.max(slowRatio, fastRatio, sample) };
}

function lowestSizeBytes(guest: GuestView, { maxBalloonRatio }: Values): number {
  return clamp(guest.assignedBytes * (1 - maxBalloonRatio), floorBytes(guest), ceilingBytes(guest));
}

function tenantOf(guest: GuestView, activeRatio: number, values: Values): Tenant {
  return {
    guest,
    activeRatio,
    low: lowestSizeBytes(guest, values),
    high: ceilingBytes(guest),
    weight: guest.shares / pageCost(activeRatio, values.idleTaxRatio),
  };
}

function moveOf({ guest, activeRatio }: Tenant, sizeBytes: number, host: string, { idleTaxRatio }: Values): Move {
  const rho = sharesPerPage(guest.shares, sizeBytes / PAGE_SIZE_BYTES, activeRatio, idleTaxRatio);
  return {
    guest,
    rawBalloonTargetBytes: guest.assignedBytes - sizeBytes,
    reason:
      `${host}: ${percent(activeRatio)} active at a tax of ${percent(idleTaxRatio)} pays ` +
      `${rho.toPrecision(3)} shares a page at ${size(sizeBytes)}, from ${size(targetSizeBytes(guest))}`,
  };
}
