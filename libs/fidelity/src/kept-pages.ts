/**
 * Which pages `rpunch` keeps: one of `share`, by a hash of page and seed. The recorder's own hash is not known; this one keeps as
 * many pages, at other places.
 */
export function isKept(page: number, share: number, seed: number): boolean {
  let hash = Math.imul(page ^ Math.imul(seed, 0x9e3779b1), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return ((hash ^ (hash >>> 16)) >>> 0) % share === 0;
}
