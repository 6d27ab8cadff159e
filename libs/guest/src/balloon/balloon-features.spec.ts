import { describe, expect, it } from '@jest/globals';
import { REPORTING_CAPACITY, isReportingRequested, readUsage, reportFreePages, runToEnd } from '#memory-core';
import { BalloonRig } from '../../test/balloon-rig.js';
import { BalloonFeature, negotiateFeatures } from './balloon-features.js';

const { MUST_TELL_HOST, STATS_VQ, DEFLATE_ON_OOM, FREE_PAGE_HINT, PAGE_POISON, REPORTING } = BalloonFeature;
const ALL = MUST_TELL_HOST | STATS_VQ | DEFLATE_ON_OOM | FREE_PAGE_HINT | PAGE_POISON | REPORTING;
const PLAIN = { initOnFree: false, pagePoisoning: false };

describe('feature negotiation', () => {
  it('takes what it knows, and PAGE_POISON only with a reason', () => {
    expect(negotiateFeatures(ALL | (1 << 20), PLAIN)).toBe(ALL & ~PAGE_POISON);
    expect(negotiateFeatures(0, PLAIN)).toBe(0);
    expect(negotiateFeatures(ALL, { ...PLAIN, pagePoisoning: true })).toBe(ALL);
  });

  it('declines REPORTING when free pages hold something that the device knows nothing of', () => {
    const offered = ALL & ~PAGE_POISON;
    expect(negotiateFeatures(offered, { ...PLAIN, initOnFree: true })).toBe(offered & ~REPORTING);
    expect(negotiateFeatures(offered, PLAIN)).toBe(offered);
  });

  it.each([
    ['zeroed', { initOnFree: true, pagePoisoning: false }, 0],
    ['poisoned', { initOnFree: false, pagePoisoning: true }, 0xaaaaaaaa],
    ['both', { initOnFree: true, pagePoisoning: true }, 0],
  ])('tells the host what %s pages hold, in little-endian configuration space', (_, freePageContent, word) => {
    const { device } = new BalloonRig({ features: PAGE_POISON, freePageContent }).driver;
    expect(device.poison).toBe(word);
    device.targetPages = 0x01020304;
    device.hintCommand = 5;
    expect([...device.configSpace]).toEqual([
      4,
      3,
      2,
      1,
      0,
      0,
      0,
      0,
      5,
      0,
      0,
      0,
      ...new Array<number>(4).fill(word & 0xff),
    ]);
  });

  it('registers reporting, whose first pass is requested at once; rings must hold a scatterlist', () => {
    expect(isReportingRequested(new BalloonRig({ features: REPORTING }).memory)).toBe(true);
    expect(isReportingRequested(new BalloonRig().memory)).toBe(false);
    expect(() => new BalloonRig({ features: REPORTING, ringEntries: REPORTING_CAPACITY - 1 })).toThrow('no balloon');
  });

  it.each([
    ['drops what backs reported blocks', PLAIN, true],
    ['keeps them where the guest relies on their content', { initOnFree: false, pagePoisoning: true }, false],
  ])('the host %s', (_, freePageContent, drops) => {
    const rig = new BalloonRig({ features: REPORTING | PAGE_POISON, freePageContent });
    const { memory, driver } = rig;
    rig.touchAndFreeAll();
    const before = readUsage(memory).residentPages;
    runToEnd(
      memory,
      reportFreePages(memory, (blocks) => driver.device.receiveReport(memory, blocks)),
    );
    const dropped = before - readUsage(memory).residentPages;
    expect(dropped > 0).toBe(drops);
  });
});
