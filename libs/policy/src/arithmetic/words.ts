/** Figures as sentences show them. */
import { GIB, KIB, MIB } from '#units';

/** Bytes in the largest unit that leaves at least one digit before the point: `1.5 GiB`, `512 MiB`, `12 KiB`. */
export function size(bytes: number): string {
  const magnitude = Math.abs(bytes);
  if (magnitude >= 10 * GIB) return `${rounded(bytes / GIB)} GiB`;
  if (magnitude >= MIB) return `${rounded(bytes / MIB)} MiB`;
  return `${rounded(bytes / KIB)} KiB`;
}

/** A ratio in per cent: `12.3 %`. */
export function percent(ratio: number): string {
  return `${rounded(ratio * 100)} %`;
}

/** Milliseconds in seconds: `2.5 s`. */
export function seconds(ms: number): string {
  return `${rounded(ms / 1000)} s`;
}

/** The first few names of many: `a, b, c and 4 more`. */
export function names(ids: readonly string[], shown = 5): string {
  if (ids.length <= shown) return ids.join(', ');
  return `${ids.slice(0, shown).join(', ')} and ${ids.length - shown} more`;
}

/** A number with at most one decimal. */
export function rounded(value: number): string {
  return String(Math.round(value * 10) / 10);
}
