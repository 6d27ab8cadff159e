/** What the database knows of a host, as a policy sees it. */
import { DEMAND_STEP_MS, type GuestInputs, type HostInputs, type PastMove } from '#persistence';
import type { DemandHistory, GuestStats, GuestView, HostView } from '#policy';
import { PAGE_SIZE_BYTES } from '#units';

const NO_PRESSURE = { some10: 0, some60: 0, full10: 0, full60: 0 } as const;

/**
 * What is resident beyond the host's memory lies in its swap, a part of every guest's alike: a host does not ask who owns its coldest
 * pages. `past`: what rebalancing did lately, the oldest first.
 */
export function toHostView(inputs: HostInputs, past: readonly PastMove[]): HostView {
  const residentBytes = inputs.guests.reduce((sum, guest) => sum + (guest.residentBytes ?? 0), 0);
  const wantedBytes = inputs.reservedBytes + residentBytes;
  const usedBytes = Math.min(wantedBytes, inputs.capacityBytes);
  const freeBytes = inputs.capacityBytes - usedBytes;
  const swapUsedBytes = Math.min(inputs.swapBytes, wantedBytes - usedBytes);
  const swappedRatio = residentBytes > 0 ? swapUsedBytes / residentBytes : 0;
  return {
    timeMs: inputs.timeMs,
    host: {
      id: inputs.id,
      capacityBytes: inputs.capacityBytes,
      reservedBytes: inputs.reservedBytes,
      usedBytes,
      freeBytes,
      availableBytes: freeBytes,
      swapTotalBytes: inputs.swapBytes,
      swapUsedBytes,
      pressure: NO_PRESSURE,
      state: inputs.state,
    },
    guests: inputs.guests.map((guest) => toGuestView(guest, { timeMs: inputs.timeMs, swappedRatio, past })),
  };
}

interface Circumstances {
  readonly timeMs: number;
  /** Share of what is resident that the host has swapped out. */
  readonly swappedRatio: number;
  readonly past: readonly PastMove[];
}

function toGuestView(guest: GuestInputs, { timeMs, swappedRatio, past }: Circumstances): GuestView {
  const isForgiven = guest.forgivenAtMs !== null && guest.forgivenAtMs <= timeMs;
  return {
    id: guest.id,
    name: guest.name,
    state: guest.state,
    migrating: false,
    assignedBytes: guest.assignedBytes,
    minBytes: guest.minBytes,
    maxBytes: guest.maxBytes,
    shares: guest.shares,
    balloonTargetBytes: guest.targetBytes,
    balloonActualBytes: guest.balloonActualBytes ?? 0,
    residentBytes: guest.residentBytes ?? 0,
    swappedBytes: Math.floor((guest.residentBytes ?? 0) * swappedRatio),
    stats: toStats(guest, timeMs),
    stuckSinceMs: isForgiven ? null : guest.stuckSinceMs,
    lastMovedMs: guest.lastMovedMs,
    heldUntilMs: guest.heldUntilMs,
    baselineBytes: null,
    demand: toDemand(guest.demandBytes),
    recentMoves: past
      .filter(({ guestId }) => guestId === guest.id)
      .map(({ fromBytes, toBytes }) => ({ fromBytes, toBytes })),
  };
}

function toStats(guest: GuestInputs, timeMs: number): GuestStats | null {
  if (guest.sampledMs === null) return null;
  return {
    ageMs: Math.max(0, timeMs - guest.sampledMs),
    freeBytes: guest.freeBytes ?? undefined,
    availableBytes: guest.availableBytes ?? undefined,
    totalBytes: guest.totalBytes ?? undefined,
    usedBytes: guest.usedBytes ?? undefined,
    cachedBytes: guest.cachedBytes ?? undefined,
    anonBytes: guest.anonBytes ?? undefined,
    swapUsedBytes: guest.swapUsedBytes ?? undefined,
    pressure: {
      some10: guest.some10 ?? 0,
      some60: guest.some60 ?? 0,
      full10: guest.full10 ?? 0,
      full60: guest.full60 ?? 0,
    },
    unusableIndex9: guest.unusableIndex9 ?? undefined,
    idleRatio: guest.idleRatio ?? undefined,
    oomKillsTotal: guest.oomKillsTotal ?? undefined,
    lowWatermarkBytes: guest.zones?.reduce((sum, zone) => sum + zone.watermarks.lowPages * PAGE_SIZE_BYTES, 0),
  };
}

/** A cell without samples (the fleet was down) counts as the one before it. */
function toDemand(cells: GuestInputs['demandBytes']): DemandHistory | null {
  const usedBytes: number[] = [];
  for (const cell of cells) usedBytes.push(cell ?? usedBytes.at(-1) ?? 0);
  return usedBytes.length === 0 ? null : { stepMs: DEMAND_STEP_MS, usedBytes };
}
