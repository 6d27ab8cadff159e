import { describe, expect, it } from '@jest/globals';
import { auditMemory, readUsage, runToEnd } from '#memory-core';
import { BalloonRig } from '../../test/balloon-rig.js';
import { BalloonFeature } from './balloon-features.js';
import type { DeviceEvent } from './balloon-device.js';
import {
  HINT_DONE,
  HINT_STOP,
  commandHinting,
  countHintedPages,
  hintingWork,
  shrinkHints,
} from './free-page-hinting.js';

/** Command ids as they are, blocks as their first pfns with a #. */
function listen(rig: BalloonRig): string[] {
  const seen: string[] = [];
  rig.driver.device.observer = (event: DeviceEvent) => {
    if (event.kind === 'HINT_COMMAND') seen.push(String(event.id));
    if (event.kind === 'HINT_BLOCK') seen.push(`#${event.pfn}`);
  };
  return seen;
}

function hinting(options: ConstructorParameters<typeof BalloonRig>[0] = {}) {
  const rig = new BalloonRig({ features: BalloonFeature.FREE_PAGE_HINT, ...options });
  const seen = listen(rig);
  const command = (id: number): void => {
    commandHinting(rig.driver, id);
    runToEnd(rig.memory, hintingWork(rig.driver));
  };
  return { rig, seen, command, driver: rig.driver };
}

describe('free page hinting', () => {
  it('case 78: sends the id, every block it can get, and stop; done gives them back, stop keeps them', () => {
    const { rig, seen, command, driver } = hinting();
    const before = readUsage(rig.memory);
    command(2);
    const blocks = driver.hints.blocks.length;
    expect(blocks).toBeGreaterThan(40);
    expect([seen[0], seen.at(-1), seen.length]).toEqual(['2', '0', blocks + 2]);
    expect(seen.slice(1, -1)).toEqual(driver.hints.blocks.map((pfn) => `#${pfn}`));
    expect(driver.hints.blocks.every((pfn) => pfn % 1024 === 0)).toBe(true);
    // One more would leave less than the min watermark, or there is none of that size.
    const during = readUsage(rig.memory);
    expect(before.freePages - during.freePages).toBe(blocks * 1024);
    for (const zone of during.zones) {
      expect(zone.nrFree[10] === 0 || zone.freePages - 1024 < zone.watermarks.minPages).toBe(true);
    }
    expect(during).toMatchObject({
      balloonPages: 0,
      totalPages: before.totalPages,
      residentPages: before.residentPages,
    });
    command(HINT_STOP);
    expect(driver.hints.blocks).toHaveLength(blocks);
    command(HINT_DONE);
    expect(driver.hints.blocks).toEqual([]);
    expect(readUsage(rig.memory).freePages).toBe(before.freePages);
    expect(auditMemory(rig.memory)).toEqual([]);
  });

  it('turns the pageblocks it takes unmovable, for good', () => {
    const { rig, command, driver } = hinting();
    command(2);
    const blocks = driver.hints.blocks.length;
    command(HINT_DONE);
    const unmovable = readUsage(rig.memory).zones.flatMap(({ pageblocks }) =>
      pageblocks.filter(({ migratetype }) => migratetype === 'Unmovable').map(({ count }) => count),
    );
    expect(unmovable.reduce((sum, count) => sum + count, 0)).toBe(2 * blocks);
  });

  it('does nothing for an id that it has served', () => {
    const { seen, command } = hinting();
    command(2);
    const told = seen.length;
    command(2);
    expect(seen).toHaveLength(told);
    command(3);
    expect(seen.slice(told)).toEqual(['3', '0']); // nothing left to hint
  });

  it('case 79: the shrinker gives back whole blocks, the youngest first', () => {
    const { command, driver } = hinting();
    command(2);
    shrinkHints(driver, (driver.hints.blocks.length - 3) * 1024);
    const [first, second] = driver.hints.blocks;
    expect(countHintedPages(driver)).toBe(3 * 1024);
    expect(shrinkHints(driver, 1)).toBe(1024);
    expect(countHintedPages(driver)).toBe(2048);
    expect(driver.hints.blocks).toEqual([first, second]);
    expect(shrinkHints(driver, 9999)).toBe(2048);
    expect(shrinkHints(driver, 1)).toBe(0);
  });

  it('case 80: another id in the middle of a round stops it and starts its own', () => {
    const { rig, seen, driver } = hinting();
    commandHinting(driver, 2);
    const round = hintingWork(driver);
    for (let step = 0; step < 5; step++) round.next();
    commandHinting(driver, 3);
    runToEnd(rig.memory, round);
    expect(seen).toHaveLength(7);
    expect([seen[0], seen[6]]).toEqual(['2', '0']);
    runToEnd(rig.memory, hintingWork(driver)); // the work that the interrupt queued
    expect([seen[7], seen.at(-1)]).toEqual(['3', '0']);
    expect(driver.hints).toMatchObject({ active: 3, received: 3, toRead: false });
    expect(driver.hints.blocks.length).toBeGreaterThan(40);
  });

  it('keeps one entry of the ring for ids: a block that finds no other goes back', () => {
    const { rig, driver } = hinting({ ringEntries: 8 });
    driver.device.leavesHints = true;
    const free = readUsage(rig.memory).freePages;
    commandHinting(driver, 2);
    const round = hintingWork(driver);
    for (let step = 0; step < 20; step++) round.next();
    expect(driver.hints.blocks).toHaveLength(6); // the id has one entry, the last stays
    expect(free - readUsage(rig.memory).freePages).toBe(6 * 1024);
    commandHinting(driver, HINT_STOP);
    runToEnd(rig.memory, round);
    expect(driver.device.hintRoom).toBe(0);
  });

  it('cannot be probed on a ring of one entry', () => {
    expect(() => hinting({ ringEntries: 1 })).toThrow('no balloon');
  });
});
