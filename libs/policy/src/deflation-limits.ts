/**
 * ChromeOS's other half of the limit-cache policy (chromiumos/platform2 vm_tools/concierge, commit 156a8342, BSD-3-Clause),
 * told in our words: when a guest is about to kill a process for want of memory, its balloon may shrink at once to save it,
 * but only as far as the host's margins allow, and the further the more the process matters.
 */

/** Up to which oom_score_adj a process belongs to a class, most wanted class first. */
const CLASSES = [
  { name: 'foreground', highestAdj: 0 },
  { name: 'perceptible', highestAdj: 899 },
  { name: 'cached', highestAdj: 999 },
] as const;

type ProcessClass = (typeof CLASSES)[number]['name'];

/** Size below which the balloon may not shrink for a process of each class, bytes. */
export type DeflationLimits = Readonly<Record<ProcessClass, number>>;

/** The limits at which the host keeps `margins` of what it has available, when balloons of `balloonBytes` shrink. */
export function deflationLimits(
  margins: Readonly<Record<ProcessClass, number>>,
  availableBytes: number,
  balloonBytes: number,
): DeflationLimits {
  const limit = (margin: number): number => Math.max(0, balloonBytes - (availableBytes - margin));
  return {
    foreground: limit(margins.foreground),
    perceptible: limit(margins.perceptible),
    cached: limit(margins.cached),
  };
}

export interface ProcessAtRisk {
  readonly bytes: number;
  /** Linux's oom_score_adj, −1000 to 1000. */
  readonly oomScoreAdj: number;
}

export type Rescue =
  | { readonly outcome: 'DEFLATED'; readonly balloonBytes: number; readonly freedBytes: number }
  | { readonly outcome: 'REFUSED'; readonly balloonBytes: number };

/** Shrinks the balloon by what the process uses, at most `maxDeflateBytes`; all of that or nothing. */
export function deflateToSaveProcess(
  balloonBytes: number,
  limits: DeflationLimits,
  { bytes, oomScoreAdj }: ProcessAtRisk,
  maxDeflateBytes: number,
): Rescue {
  const open = CLASSES.filter(({ highestAdj }) => oomScoreAdj <= highestAdj).map(({ name }) => limits[name]);
  const lowest = Math.min(balloonBytes, ...open);
  const target = Math.max(0, balloonBytes - Math.min(bytes, maxDeflateBytes));
  if (target < lowest) return { outcome: 'REFUSED', balloonBytes };
  return { outcome: 'DEFLATED', balloonBytes: target, freedBytes: balloonBytes - target };
}
