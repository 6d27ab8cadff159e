/**
 * Feature bits of the virtio memory balloon, and which of the offered ones Linux's driver takes.
 * Source: virtio specification 1.2, section 5.5.3; drivers/virtio/virtio_balloon.c (virtballoon_validate), Linux 5.15 to 7.0, as
 * described in the reference, sections 3.1 and 3.10.
 */

/** VIRTIO_BALLOON_F_…, each with its bit set. */
export const BalloonFeature = {
  /** Deflated pages may be used only once the host has acknowledged; Linux's driver waits for that in any case. */
  MUST_TELL_HOST: 1 << 0,
  STATS_VQ: 1 << 1,
  DEFLATE_ON_OOM: 1 << 2,
  FREE_PAGE_HINT: 1 << 3,
  PAGE_POISON: 1 << 4,
  REPORTING: 1 << 5,
} as const;

const KNOWN = Object.values(BalloonFeature).reduce((bits, bit) => bits | bit, 0);

/** What the guest's kernel does with free pages: both off, unless it was built or booted otherwise. */
export interface FreePageContent {
  /** init_on_free: free pages are zero. */
  readonly initOnFree: boolean;
  /** page_poison: free pages hold the poison byte. */
  readonly pagePoisoning: boolean;
}

/** A byte of a poisoned page, four times (mm/page_poison.c: PAGE_POISON). */
const POISON_WORD = 0xaaaaaaaa;

/**
 * The bits both sides use. Without a reason to poison the driver declines PAGE_POISON; with one, but without a device that
 * knows of it, it declines REPORTING: the host could change what the guest relies on.
 */
export function negotiateFeatures(offered: number, content: FreePageContent): number {
  const known = offered & KNOWN;
  if (!content.initOnFree && !content.pagePoisoning) return known & ~BalloonFeature.PAGE_POISON;
  return (known & BalloonFeature.PAGE_POISON) !== 0 ? known : known & ~BalloonFeature.REPORTING;
}

/** What the driver writes to poison_val before it says that it is ready, when PAGE_POISON was negotiated. */
export function poisonValue(content: FreePageContent): number {
  return content.initOnFree ? 0 : POISON_WORD;
}
