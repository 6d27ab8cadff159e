import { describe, expect, it } from '@jest/globals';
import { GIB } from '#units';
import { aGuest, aView, causeOf, loadCases, rowOf, stats } from '../../test/support/build.js';
import type { JsonValue } from '../model/json.js';
import { parseParameters } from '../model/policy.js';
import { limitCache } from './limit-cache.js';

interface PeerCase {
  id: string;
  params: Record<string, number>;
  input: Record<
    'host_free' | 'host_available' | 'disk_caches' | 'shared_memory' | 'unevictable_memory' | 'free_memory',
    number
  >;
  expect_delta_bytes: number;
}
const file = loadCases('chromeos-limit-cache-policy') as {
  fixture: {
    guest_zoneinfo: { sum_low: number; totalreserve: number };
    margins: Record<string, number>;
    host_lwm: number;
    max_free_bytes: number;
    min_free_bytes: number;
  };
  cases: PeerCase[];
};
const { fixture } = file;
const BALLOON = 2 * GIB;

function delta({ params, input }: Pick<PeerCase, 'params' | 'input'>, extra: Record<string, JsonValue> = {}): number {
  const given = { ...params, ...fixture.margins, ...fixture.guest_zoneinfo, host_lwm: fixture.host_lwm, ...extra };
  const parsed = parseParameters(limitCache, given);
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems));
  const guest = aGuest({
    balloonTargetBytes: BALLOON,
    stats: stats({
      freeBytes: input.free_memory,
      cachedBytes: input.disk_caches,
      sharedBytes: input.shared_memory,
      unevictableBytes: input.unevictable_memory,
    }),
  });
  const host = { freeBytes: input.host_free, availableBytes: input.host_available };
  const plan = limitCache.plan(aView(host, [guest]), parsed.value);
  return (rowOf(plan)?.rawBalloonTargetBytes ?? BALLOON) - BALLOON;
}

const nothingNear = { host_free: 0, host_available: 0, disk_caches: 0, shared_memory: 0, unevictable_memory: 0 };
const noLimits = { reclaim_target_cache: 0, critical_target_cache: 0, moderate_target_cache: 0 };

describe('limit-cache', () => {
  it.each(file.cases)('changes the balloon as the upstream case does: $id', (peerCase) => {
    expect(delta(peerCase)).toBe(peerCase.expect_delta_bytes);
  });

  it('takes the band of free memory from the zones of the guest', () => {
    const input = { ...nothingNear, free_memory: 0 };
    expect(delta({ params: noLimits, input })).toBe(-fixture.max_free_bytes);
    expect(delta({ params: noLimits, input }, { max_free: fixture.min_free_bytes })).toBe(-fixture.min_free_bytes);
  });

  it('acts rarely: not on a guest with three quarters of its band free', () => {
    const threeQuarters = fixture.min_free_bytes + ((fixture.max_free_bytes - fixture.min_free_bytes) / 4) * 3;
    expect(delta({ params: noLimits, input: { ...nothingNear, free_memory: threeQuarters } })).toBe(0);
    expect(delta({ params: noLimits, input: { ...nothingNear, free_memory: threeQuarters - 1 } })).not.toBe(0);
  });

  it('leaves a guest alone that does not report its cache', () => {
    const guest = aGuest({ stats: { ageMs: 0, freeBytes: GIB } });
    expect(causeOf(limitCache.plan(aView({}, [guest])))).toBe('NO_STATS');
  });
});
