/** Everything that a guest's kernel does at once, in orders drawn from seeds; a finding names its seed. */
import { describe, expect, it } from '@jest/globals';
import { createOwner, growOwner, ownerPages, shrinkOwner } from '#memory-core';
import type { KernelProfile, Memory, Task } from '#memory-core';
import { MIGRATE_ASYNC, MIGRATE_SYNC } from '../../../memory-core/src/layout/migrate-mode.js';
import { compactWholeZone } from '../../../memory-core/src/compaction/manual.js';
import { RESCHEDULE } from '../../../memory-core/src/tasks/task.js';
import { isolator, mover } from '../../../memory-core/test/explorer/movers.js';
import { runSeeded } from '../../../memory-core/test/explorer/seeded.js';
import type { Scenario } from '../../../memory-core/test/explorer/stage.js';
import { oomNotifier, setTarget, sizeWork } from '../../src/balloon/size-work.js';
import type { VirtioBalloon } from '../../src/balloon/virtio-balloon.js';
import { driverCase } from './real-driver.js';

const TARGETS = [40, 5, 60, 0, 33];

/** The host changes its mind; the driver follows. */
function* follow(driver: VirtioBalloon): Task<void> {
  for (const target of TARGETS) {
    setTarget(driver, target, 0);
    yield* sizeWork(driver);
    yield RESCHEDULE;
  }
}

function* several(times: number, once: () => Task<unknown>): Task<void> {
  for (let time = 0; time < times; time++) {
    yield* once();
    yield RESCHEDULE;
  }
}

/** A program that takes and frees pages. */
function* program(memory: Memory): Task<void> {
  const owner = createOwner(memory, 'ANON');
  for (let round = 0; round < 30; round++) {
    if (round % 3 === 2) shrinkOwner(memory, owner, 7, 'OLDEST');
    else growOwner(memory, owner, 5);
    yield RESCHEDULE;
  }
  shrinkOwner(memory, owner, ownerPages(memory, owner), 'OLDEST');
}

function everything(kernelProfile: KernelProfile, pcp: boolean): Scenario {
  const options = { kernelProfile, pcp, ballooned: 20, deflateOnOom: true, movableZone: true, pagesPerBlock: 64 };
  return driverCase(`${kernelProfile}: everything at once`, options, ({ memory, driver, listed }) => ({
    actors: [
      { name: 'driver', task: follow(driver) },
      { name: 'notifier', task: several(3, () => oomNotifier(driver)) },
      { name: 'compact', task: several(2, () => compactWholeZone(memory, 1)) },
      { name: 'compact too', task: compactWholeZone(memory, 1) },
      { name: 'program', task: program(memory) },
      mover('move', memory, listed.slice(0, 8), MIGRATE_SYNC),
      mover('move without waiting', memory, listed.slice(4, 12), MIGRATE_ASYNC),
      isolator('isolate', memory, listed.slice(10)),
    ],
    outcome: () => `${driver.numPages} pages`,
  }));
}

describe.each(['6.1', '6.12', '7.0'] as const)('seeded interleavings, Linux %s', (release) => {
  it.each([true, false])('no invariant breaks and all comes to an end, per-CPU lists: %p', (pcp) => {
    const scenario = everything(release, pcp);
    for (let seed = 1; seed <= 5; seed++) expect(runSeeded(scenario, seed).finding).toBeNull();
  });
});
