/** Sizes of a guest, derived in one place so that balloon and guest size are never mixed. All in bytes. */
import { PAGE_SIZE_BYTES } from '#units';
import type { GuestView, HostView } from './view.js';

export function clamp(value: number, low: number, high: number): number {
  return Math.min(Math.max(value, low), high);
}

/** Down to a multiple of 4 KiB; takes fractions, unlike the checked conversion of #units. */
export function alignDown(bytes: number): number {
  return Math.floor(bytes / PAGE_SIZE_BYTES) * PAGE_SIZE_BYTES;
}

export function alignUp(bytes: number): number {
  return Math.ceil(bytes / PAGE_SIZE_BYTES) * PAGE_SIZE_BYTES;
}

/** Size the guest is asked to have: assigned − balloon target. */
export function targetSizeBytes(guest: GuestView): number {
  return guest.assignedBytes - guest.balloonTargetBytes;
}

/** Size the guest has: assigned − balloon actual. */
export function actualSizeBytes(guest: GuestView): number {
  return guest.assignedBytes - guest.balloonActualBytes;
}

/** Lowest size a policy may ask for. */
export function floorBytes(guest: GuestView): number {
  return Math.min(guest.minBytes, guest.assignedBytes);
}

/** Highest size a policy may ask for: never below the floor. */
export function ceilingBytes(guest: GuestView): number {
  return Math.max(floorBytes(guest), Math.min(guest.maxBytes, guest.assignedBytes));
}

/**
 * What the guest cannot do without, kernel included: its size less MemAvailable. Taken from MemAvailable rather than from
 * `usedBytes`, because a guest that deflates on OOM counts its balloon as used. Null when it reports neither.
 */
export function inUseBytes(guest: GuestView): number | null {
  const { stats } = guest;
  if (stats?.availableBytes !== undefined) return Math.max(0, actualSizeBytes(guest) - stats.availableBytes);
  return stats?.usedBytes ?? null;
}

/**
 * Memory the host will have to hand out once every balloon has reached its target: what is available now, plus what
 * inflating balloons still owe, less what deflating ones were promised.
 */
export function settledAvailableBytes(view: HostView): number {
  let bytes = view.host.availableBytes;
  for (const { balloonTargetBytes, balloonActualBytes } of view.guests)
    bytes += balloonTargetBytes - balloonActualBytes;
  return bytes;
}

export function sumOf<T>(items: readonly T[], measure: (item: T) => number): number {
  let sum = 0;
  for (const item of items) sum += measure(item);
  return sum;
}
