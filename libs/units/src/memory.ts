/**
 * Sizes of memory. A page is 4 KiB everywhere in Ballast: it is the guest's base page (x86-64) and the unit of the
 * virtio balloon. Bytes are JavaScript numbers, exact up to 2^53 − 1.
 */
export const PAGE_SHIFT = 12;
export const PAGE_SIZE_BYTES = 4096;
export const KIB = 1024;
export const MIB = 1024 * KIB;
export const GIB = 1024 * MIB;

/** Bytes in `pages` pages. Throws RangeError when `pages` is not a whole number ≥ 0 or the product passes 2^53 − 1. */
export function pagesToBytes(pages: number): number {
  return checkedCount('pages', pages) * PAGE_SIZE_BYTES;
}

/** Whole pages that fit into `bytes`: rounds down. Throws RangeError when `bytes` is not a whole number ≥ 0. */
export function bytesToPages(bytes: number): number {
  return Math.floor(checkedCount('bytes', bytes) / PAGE_SIZE_BYTES);
}

/** `bytes` in KiB, rounded down: the unit of /proc/meminfo. */
export function bytesToKib(bytes: number): number {
  return Math.floor(checkedCount('bytes', bytes) / KIB);
}

/** Largest multiple of the page size that is not above `bytes`. */
export function alignDownToPage(bytes: number): number {
  return bytes - (checkedCount('bytes', bytes) % PAGE_SIZE_BYTES);
}

function checkedCount(name: string, value: number): number {
  if (!Number.isSafeInteger(value) || value < 0) {
    throw new RangeError(`${name} must be a whole number from 0 to ${Number.MAX_SAFE_INTEGER}, got ${value}`);
  }
  return value;
}
