/** Reads a view from JSON, with every problem at its path, and publishes the schema of what it reads. */
import { GUEST_STATES, HOST_STATES } from '#contracts';
import type { Parsed, Problem } from './json.js';
import {
  bytes,
  choice,
  flag,
  listOf,
  nullable,
  number,
  optional,
  ratio,
  readShape,
  record,
  type JsonSchema,
  type Shape,
  type ShapeType,
  text,
  withDefault,
} from './shape.js';
import type { GuestStats, GuestView, HostFigures, HostView, PressureView } from './view.js';

const CALM: PressureView = { some10: 0, some60: 0, full10: 0, full60: 0 };
const DEFAULT_SHARES = 1000;

const timeMs = (description: string) => number(`${description}, milliseconds of simulated time`, { min: 0 });
const perSec = (description: string) => number(`${description}, per second`, { min: 0 });

const pressure: Shape<PressureView> = record(
  {
    some10: withDefault(ratio('some, average over 10 s'), 0),
    some60: withDefault(ratio('some, average over 60 s'), 0),
    full10: withDefault(ratio('full, average over 10 s'), 0),
    full60: withDefault(ratio('full, average over 60 s'), 0),
    someTotalUs: optional(number('stall counter behind some, microseconds', { min: 0 })),
  },
  'PSI memory pressure',
);

const host = record(
  {
    id: withDefault(text('id of the host'), 'host'),
    capacityBytes: bytes('memory of the host'),
    reservedBytes: withDefault(bytes('kept for the host itself'), 0),
    usedBytes: optional(bytes('in use, resident guest memory included; default: capacity − free')),
    freeBytes: optional(bytes('free; default: capacity − used')),
    availableBytes: optional(bytes('can be handed out without swapping or touching the reserve; default: free')),
    swapTotalBytes: withDefault(bytes('swap space'), 0),
    swapUsedBytes: withDefault(bytes('swap in use'), 0),
    pressure: optional(pressure),
    state: withDefault(choice(HOST_STATES, 'state by free share'), 'HIGH'),
  },
  'the host',
);

const stats: Shape<GuestStats> = record(
  {
    ageMs: withDefault(number('age of the statistics, milliseconds', { min: 0 }), 0),
    freeBytes: optional(bytes('MemFree')),
    availableBytes: optional(bytes('MemAvailable')),
    totalBytes: optional(bytes('MemTotal')),
    usedBytes: optional(bytes('total − available')),
    cachedBytes: optional(bytes('page cache')),
    sharedBytes: optional(bytes('shared memory within the cache')),
    unevictableBytes: optional(bytes('unevictable memory within the cache')),
    anonBytes: optional(bytes('anonymous memory')),
    swapUsedBytes: optional(bytes("the guest's own swap in use")),
    majorFaultsPerSec: optional(perSec('major faults')),
    swapInBytesPerSec: optional(perSec('bytes swapped in')),
    swapOutBytesPerSec: optional(perSec('bytes swapped out')),
    allocStallsPerSec: optional(perSec('allocation stalls')),
    oomKillsTotal: optional(number('OOM kills since boot', { min: 0 })),
    pressure: optional(pressure),
    idleRatio: optional(ratio('sampled share of idle pages')),
    unusableIndex9: optional(ratio('share of free memory in blocks too small for order 9')),
    lowWatermarkBytes: optional(bytes("sum of the zones' low watermarks")),
    totalReserveBytes: optional(bytes('totalreserve of the kernel')),
  },
  "the guest's own account; each figure may be absent",
);

const guest = record(
  {
    id: text('id of the guest, unique within the view'),
    name: optional(text('what people call it')),
    state: withDefault(choice(GUEST_STATES, 'state of the guest'), 'RUNNING'),
    migrating: withDefault(flag('is being moved to another host'), false),
    assignedBytes: bytes('configured RAM'),
    minBytes: withDefault(bytes("guaranteed floor of the guest's size"), 0),
    maxBytes: optional(bytes("ceiling of the guest's size; default: assigned")),
    shares: withDefault(number('relative weight; 0 = leave alone', { min: 0 }), DEFAULT_SHARES),
    balloonTargetBytes: optional(bytes('what the balloon was asked to hold; default: actual, else 0')),
    balloonActualBytes: optional(bytes('what the balloon holds; default: target')),
    residentBytes: optional(bytes('backed by the host; default: assigned − balloon')),
    swappedBytes: withDefault(bytes('swapped out by the host'), 0),
    stats: nullable(stats),
    stuckSinceMs: nullable(timeMs('since when a target is not being approached')),
    lastMovedMs: nullable(timeMs('when the target last changed')),
    heldUntilMs: nullable(timeMs('until when the balloon is to be left as it is')),
    baselineBytes: nullable(bytes('size the guest normally runs at')),
    demand: nullable(
      record(
        {
          stepMs: number('time between two figures, milliseconds', { min: 1 }),
          usedBytes: listOf(bytes('memory in use'), 'newest last'),
        },
        'recent history for forecasting',
      ),
    ),
    recentMoves: withDefault(
      listOf(
        record(
          { fromBytes: bytes('target before'), toBytes: bytes('target after') },
          'a change of the target that was carried out',
        ),
        'targets of the last while, the oldest first: what damping looks at',
      ),
      [],
    ),
  },
  'one guest of the host',
);

const view = record(
  {
    timeMs: timeMs('time of the decision'),
    host,
    guests: listOf(guest, 'the guests of the host'),
  },
  'What a policy sees of one host. All sizes are bytes, all times milliseconds.',
);

export const HOST_VIEW_SCHEMA: JsonSchema = {
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  title: 'HostView',
  ...view.schema,
};

/** Reads a view; what is left out reads as the schema says. On failure every problem is listed with its path. */
export function parseHostView(json: unknown): Parsed<HostView> {
  const parsed = readShape(view, json);
  if (!parsed.ok) return parsed;
  const problems: Problem[] = [];
  const guests = parsed.value.guests.map((raw, index) => completeGuest(raw, `guests[${index}]`, problems));
  checkUnique(guests, problems);
  if (problems.length > 0) return { ok: false, problems };
  const resident = guests.reduce((sum, { residentBytes }) => sum + residentBytes, 0);
  return {
    ok: true,
    value: { timeMs: parsed.value.timeMs, host: completeHost(parsed.value.host, resident), guests },
  };
}

function completeHost(raw: ShapeType<typeof host>, residentBytes: number): HostFigures {
  const usedBytes = raw.usedBytes ?? (raw.freeBytes === undefined ? residentBytes : raw.capacityBytes - raw.freeBytes);
  const freeBytes = raw.freeBytes ?? Math.max(0, raw.capacityBytes - usedBytes);
  return {
    ...raw,
    usedBytes: Math.max(0, usedBytes),
    freeBytes,
    availableBytes: raw.availableBytes ?? freeBytes,
    pressure: raw.pressure ?? CALM,
  };
}

function completeGuest(raw: ShapeType<typeof guest>, path: string, problems: Problem[]): GuestView {
  const balloonTargetBytes = raw.balloonTargetBytes ?? raw.balloonActualBytes ?? 0;
  const balloonActualBytes = raw.balloonActualBytes ?? balloonTargetBytes;
  const maxBytes = raw.maxBytes ?? raw.assignedBytes;
  const limits = [
    ['minBytes', raw.minBytes, 'maxBytes', maxBytes],
    ['minBytes', raw.minBytes, 'assignedBytes', raw.assignedBytes],
    ['balloonTargetBytes', balloonTargetBytes, 'assignedBytes', raw.assignedBytes],
    ['balloonActualBytes', balloonActualBytes, 'assignedBytes', raw.assignedBytes],
  ] as const;
  for (const [name, value, limitName, limit] of limits) {
    if (value <= limit) continue;
    problems.push({ path: `${path}.${name}`, message: `must be at most ${limitName} (${limit}), got ${value}` });
  }
  const residentBytes = raw.residentBytes ?? Math.max(0, raw.assignedBytes - balloonActualBytes);
  return { ...raw, maxBytes, balloonTargetBytes, balloonActualBytes, residentBytes };
}

function checkUnique(guests: readonly GuestView[], problems: Problem[]): void {
  const seen = new Map<string, number>();
  guests.forEach(({ id }, index) => {
    const first = seen.get(id);
    if (first === undefined) seen.set(id, index);
    else problems.push({ path: `guests[${index}].id`, message: `must be unique, guests[${first}] is ${id} too` });
  });
}
