import { describe, expect, it } from '@jest/globals';
import { loadCases } from '../test/support/build.js';
import { deflateToSaveProcess, deflationLimits } from './deflation-limits.js';

interface Sequence {
  params: { responsive_max_deflate_bytes: number };
  margins: { arcvm_foreground: number; arcvm_perceptible: number; arcvm_cached: number };
  total_available_bytes: number;
  balloon_size_bytes: number;
  derived_min_balloon: Record<'foreground_adj_le_0' | 'perceptible_adj_le_899' | 'cached_adj_le_999', number>;
  steps: { proc_bytes: number; oom_score_adj: number; expect: { ok: boolean; new_balloon?: number; freed?: number } }[];
}
const { deflation_limits_sequence: sequence } = loadCases('chromeos-limit-cache-policy') as {
  deflation_limits_sequence: Sequence;
};
const limits = deflationLimits(
  {
    foreground: sequence.margins.arcvm_foreground,
    perceptible: sequence.margins.arcvm_perceptible,
    cached: sequence.margins.arcvm_cached,
  },
  sequence.total_available_bytes,
  sequence.balloon_size_bytes,
);

describe('deflateToSaveProcess', () => {
  it('derives the limits from the margins', () => {
    expect(limits).toEqual({
      foreground: sequence.derived_min_balloon.foreground_adj_le_0,
      perceptible: sequence.derived_min_balloon.perceptible_adj_le_899,
      cached: sequence.derived_min_balloon.cached_adj_le_999,
    });
    expect(deflationLimits({ foreground: 0, perceptible: 0, cached: 0 }, 1000, 10).cached).toBe(0);
  });

  it('answers as the upstream sequence does', () => {
    let balloon = sequence.balloon_size_bytes;
    for (const { proc_bytes, oom_score_adj, expect: expected } of sequence.steps) {
      const process = { bytes: proc_bytes, oomScoreAdj: oom_score_adj };
      const rescue = deflateToSaveProcess(balloon, limits, process, sequence.params.responsive_max_deflate_bytes);
      expect(rescue).toEqual(
        expected.ok
          ? { outcome: 'DEFLATED', balloonBytes: expected.new_balloon, freedBytes: expected.freed }
          : { outcome: 'REFUSED', balloonBytes: balloon },
      );
      balloon = rescue.balloonBytes;
    }
  });

  it('refuses a process that nobody counts', () => {
    expect(deflateToSaveProcess(100, limits, { bytes: 1, oomScoreAdj: 1000 }, 50).outcome).toBe('REFUSED');
  });
});
