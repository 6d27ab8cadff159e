import { describe, expect, it } from '@jest/globals';
import { DEFAULT_COSTS, type Costs } from '../../costs/costs.js';
import { lostTime, type ChargedCounter, type LostTime } from './lost-time.js';

const COSTS: Costs = { ...DEFAULT_COSTS, reclaimScanUs: 0.3, reclaimUnmappedUs: 0.1, thrashingReclaimRatio: 0.24 };

function lost(counters: Partial<Record<ChargedCounter, number>>, costs = COSTS): LostTime {
  return lostTime((name) => counters[name] ?? 0, costs);
}

describe('time lost to a guest’s own kernel', () => {
  it('is waiting where a task reclaims for itself, processor time where kswapd does', () => {
    const direct = lost({ allocstall_normal: 10, pgscan_direct: 400, pgsteal_direct: 320 });
    expect(direct.stallUs).toBeCloseTo(400 * 0.3 + 320 * 0.1, 9);
    expect(direct.managementUs).toBe(0);
    const kswapd = lost({ pgscan_kswapd: 400, pgsteal_kswapd: 320 });
    expect([kswapd.stallUs, kswapd.managementUs]).toEqual([0, direct.stallUs]);
  });

  it('is lost in reclaim that finds nothing, too: a batch of thrashing reclaim for each attempt', () => {
    expect(lost({ allocstall_movable: 1000 }).stallUs).toBeCloseTo(1000 * ((32 * 0.3) / 0.24), 6);
    const halfInVain = lost({ allocstall_movable: 1000, pgsteal_direct: 500 * 32, pgscan_direct: 500 * 32 });
    expect(halfInVain.stallUs).toBeCloseTo(500 * 40 + 16_000 * 0.4, 6);
  });

  it('counts each page that is read again once, whatever was dropped', () => {
    expect(lost({ workingset_refault_file: 7 }).stallUs).toBe(700);
    expect(lost({ pgmajfault: 7 }).stallUs).toBe(700);
    expect(lost({ pgsteal_kswapd: 7 }).stallUs).toBe(0);
  });

  it('has a price for migration, for what compaction looks at and for writing to swap', () => {
    const { managementUs } = lost({
      pgmigrate_success: 10,
      compact_migrate_scanned: 100,
      compact_free_scanned: 200,
      compact_isolated: 20,
      pswpout: 5,
    });
    const { migrateUs, compactionSkipUs, compactionIsolateUs, swapOutUs } = COSTS;
    expect(managementUs).toBeCloseTo(
      10 * migrateUs + 300 * compactionSkipUs + 20 * compactionIsolateUs + 5 * swapOutUs,
      9,
    );
  });
});
