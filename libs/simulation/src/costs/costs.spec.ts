import { describe, expect, it } from '@jest/globals';
import { GIB, PAGE_SIZE_BYTES } from '#units';
import { COST_SOURCES } from './cost-sources.js';
import { DEFAULT_COSTS } from './costs.js';

const gibPerSec = (usPerPage: number): number => ((1e6 / usPerPage) * PAGE_SIZE_BYTES) / GIB;

describe('The cost table', () => {
  it('holds every default within its range, with a source and a meaning', () => {
    for (const [name, { value, low, high, source, meaning, unit }] of Object.entries(COST_SOURCES)) {
      expect([name, low <= value && value <= high, low < high]).toEqual([name, true, true]);
      expect([name, source.length > 5, meaning.endsWith('.'), unit.length > 0]).toEqual([name, true, true, true]);
    }
    expect(Object.keys(DEFAULT_COSTS)).toEqual(Object.keys(COST_SOURCES));
  });

  it('gives the rates that HyperAlloc measured over the 18 GiB that moved', () => {
    expect(gibPerSec(DEFAULT_COSTS.inflateUs)).toBeCloseTo(0.86, 1);
    expect(gibPerSec(DEFAULT_COSTS.inflateUntouchedUs)).toBeCloseTo(1.5, 1);
    expect(gibPerSec(DEFAULT_COSTS.deflateUs)).toBeCloseTo(2.11, 1);
    expect(gibPerSec(DEFAULT_COSTS.unplugUs / 512)).toBeCloseTo(31, 0);
    expect(gibPerSec(DEFAULT_COSTS.plugUs / 512)).toBeCloseTo(91.7, 0);
  });

  it('keeps what nobody measured a guess', () => {
    const guesses = Object.entries(COST_SOURCES).filter(([, { mark }]) => mark === 'GUESS');
    expect(guesses.map(([name]) => name)).toEqual([
      'reportUs',
      'healthyReclaimRatio',
      'shootdownPerCpuUs',
      'oomKillSecPerGib',
      'restartMs',
    ]);
  });
});
