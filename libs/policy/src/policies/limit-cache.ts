/**
 * ChromeOS's LimitCache balloon policy (chromiumos/platform2, vm_tools/concierge, commit 156a8342, BSD-3-Clause), told in
 * our words: a guest is to have `maxFree` free, and less only while the host is near one of three limits *and* the guest
 * has more page cache than that limit leaves it; then it may be squeezed, by no more than that cache. Acts rarely: a guest
 * that is not low and whose change is not big stays as it is.
 *
 * The original serves one guest; here every guest is judged alike against the same host.
 */
import { KIB, MIB } from '#units';
import { size } from '../arithmetic/words.js';
import { numeric, unsetNumeric, type ValuesOf } from '../model/parameters.js';
import type { Move, Stay } from '../model/decision.js';
import { definePolicy } from '../model/policy.js';
import { record } from '../model/shape.js';
import type { GuestView, HostFigures } from '../model/view.js';

const TARGET_CACHE_BYTES = 322_560 * KIB;

const PARAMETERS = {
  reclaimTargetCacheBytes: numeric(
    'bytes',
    TARGET_CACHE_BYTES,
    'cache left to a guest when the host nears reclaim; 0 = off (default a guess)',
    { otherNames: ['reclaim_target_cache'] },
  ),
  criticalTargetCacheBytes: numeric(
    'bytes',
    TARGET_CACHE_BYTES,
    'cache left when the host nears its critical margin; 0 = off (default a guess)',
    { otherNames: ['critical_target_cache'] },
  ),
  moderateTargetCacheBytes: numeric('bytes', 0, 'cache left when the host nears its moderate margin; 0 = off', {
    otherNames: ['moderate_target_cache'],
  }),
  criticalMarginBytes: numeric('bytes', 400 * MIB, 'available memory that the host is not to fall below', {
    otherNames: ['critical', 'critical_margin'],
  }),
  moderateMarginBytes: numeric('bytes', 2000 * MIB, 'available memory below which the host slows down', {
    otherNames: ['moderate', 'moderate_margin'],
  }),
  hostLowWatermarkBytes: numeric('bytes', 200 * MIB, "sum of the low watermarks of the host's zones", {
    otherNames: ['host_lwm'],
  }),
  lmkdMaxOomMinFreeBytes: numeric(
    'bytes',
    322_560 * KIB,
    'free memory at which the guest kills its least wanted processes',
    { otherNames: ['lmkd_max_oom_min_free'] },
  ),
  totalReserveBytes: numeric('bytes', 300 * MIB, 'totalreserve of a guest that does not report its own', {
    otherNames: ['totalreserve', 'guest_totalreserve'],
  }),
  sumLowBytes: numeric('bytes', 200 * MIB, 'sum of low watermarks of a guest that does not report its own', {
    otherNames: ['sum_low', 'guest_lwm'],
  }),
  maxFreeBytes: unsetNumeric(
    'bytes',
    'free memory of an unconstrained guest; unset: totalreserve + lmkdMaxOomMinFreeBytes',
    { otherNames: ['max_free'] },
  ),
  minFreeBytes: unsetNumeric('bytes', 'free memory that a guest always keeps; unset: sum of low watermarks − 1 MiB', {
    otherNames: ['min_free'],
  }),
} as const;

type Values = ValuesOf<typeof PARAMETERS>;

export const limitCache = definePolicy({
  name: 'limit-cache',
  description: 'Keeps a band of free memory in the guest; squeezes page cache when the host nears a limit.',
  origin: 'ChromeOS concierge LimitCacheBalloonPolicy, chromiumos/platform2, commit 156a8342',
  parameters: PARAMETERS,
  memory: record({}, 'nothing'),
  needs: () => ['freeBytes', 'cachedBytes'],
  decide: ({ view, guests, values }) => {
    const moves: Move[] = [];
    const stays: Stay[] = [];
    for (const guest of guests) {
      const band = bandOf(guest, values);
      const limit = tightestLimit(guest, view.host, band, values);
      const delta = balloonDelta(guest, band, limit);
      const why = explain(guest, band, limit);
      if (delta === 0) {
        stays.push({ guest, cause: 'UNCHANGED', reason: why });
        continue;
      }
      moves.push({ guest, rawBalloonTargetBytes: Math.max(0, guest.balloonActualBytes + delta), reason: why });
    }
    return { moves, stays, neededBytes: 0, memory: null };
  },
});

/** Free memory of a guest: at least `minFree`, at most `maxFree`. */
interface Band {
  readonly minFree: number;
  readonly maxFree: number;
  readonly lowWatermark: number;
}

interface Limit {
  readonly name: string | null;
  readonly targetFree: number;
  readonly targetCache: number;
}

function bandOf({ stats }: GuestView, values: Values): Band {
  const lowWatermark = stats?.lowWatermarkBytes ?? values.sumLowBytes;
  const reserve = stats?.totalReserveBytes ?? values.totalReserveBytes;
  return {
    lowWatermark,
    minFree: values.minFreeBytes ?? Math.max(0, lowWatermark - MIB),
    maxFree: Math.max(1, values.maxFreeBytes ?? reserve + values.lmkdMaxOomMinFreeBytes),
  };
}

/** Page cache that the guest can drop. */
function reclaimableCache({ stats }: GuestView): number {
  return Math.max(0, (stats?.cachedBytes ?? 0) - (stats?.sharedBytes ?? 0) - (stats?.unevictableBytes ?? 0));
}

/** Each limit may lower the free memory and the cache that a guest is left with; the lowest of each holds. */
function tightestLimit(guest: GuestView, host: HostFigures, band: Band, values: Values): Limit {
  const cache = reclaimableCache(guest);
  let limit: Limit = { name: null, targetFree: band.maxFree, targetCache: cache };
  const limits = [
    ['reclaim', values.reclaimTargetCacheBytes, host.freeBytes - values.hostLowWatermarkBytes],
    ['critical', values.criticalTargetCacheBytes, host.availableBytes - values.criticalMarginBytes],
    ['moderate', values.moderateTargetCacheBytes, host.availableBytes - values.moderateMarginBytes],
  ] as const;
  for (const [name, targetCache, slack] of limits) {
    const targetFree = Math.max(band.lowWatermark + slack, band.minFree);
    if (targetCache <= 0 || targetFree >= band.maxFree || cache <= targetCache) continue;
    limit = {
      name: targetFree < limit.targetFree ? name : limit.name,
      targetFree: Math.min(limit.targetFree, targetFree),
      targetCache: Math.min(limit.targetCache, targetCache),
    };
  }
  return limit;
}

/** How much the balloon is to grow (negative: shrink), bytes. */
function balloonDelta(guest: GuestView, { minFree, maxFree }: Band, limit: Limit): number {
  const free = guest.stats?.freeBytes ?? 0;
  const delta = free - limit.targetFree;
  if (limit.name !== null) return Math.min(delta, reclaimableCache(guest) - limit.targetCache);
  const isNotLow = free >= minFree + ((maxFree - minFree) / 4) * 3;
  // The original compares whole multiples of maxFree before and after *adding* the change.
  const isNotBig = Math.trunc(free / maxFree) === Math.trunc((free + delta) / maxFree);
  return isNotLow && isNotBig ? 0 : delta;
}

function explain(guest: GuestView, { minFree, maxFree }: Band, { name, targetFree }: Limit): string {
  const free = size(guest.stats?.freeBytes ?? 0);
  if (name === null) return `${free} free, ${size(maxFree)} wanted: the host is near no limit that binds it`;
  const cache = size(reclaimableCache(guest));
  return `${free} free, ${size(targetFree)} wanted: host near its ${name} limit, ${cache} of cache to squeeze (never below ${size(minFree)})`;
}
