/** The small cases of the real driver, gone through from end to end. */
import type { KernelProfile } from '#memory-core';
import { MIGRATE_SYNC } from '../../../memory-core/src/layout/migrate-mode.js';
import { compactWholeZone } from '../../../memory-core/src/compaction/manual.js';
import { isolator, mover, noMoves } from '../../../memory-core/test/explorer/movers.js';
import type { Actor, Scenario } from '../../../memory-core/test/explorer/stage.js';
import { removeBalloon } from '../../src/balloon/balloon-lifecycle.js';
import { oomNotifier, setTarget, sizeWork } from '../../src/balloon/size-work.js';
import type { VirtioBalloon } from '../../src/balloon/virtio-balloon.js';
import { driverCase } from './real-driver.js';

function towards(driver: VirtioBalloon, target: number): Actor {
  setTarget(driver, target, 0);
  return { name: 'size work', task: sizeWork(driver), knows: () => '' }; // all it knows is in the driver
}

export function driverCases(kernelProfile: KernelProfile): readonly Scenario[] {
  const named = (what: string): string => `${kernelProfile}: ${what}`;
  return [
    driverCase(named('leak and compaction'), { kernelProfile }, ({ memory, driver }) => ({
      actors: [towards(driver, 1), { name: 'compact', task: compactWholeZone(memory, 0) }],
      endPages: 1,
    })),
    driverCase(named('fill and compaction'), { kernelProfile }, ({ memory, driver }) => ({
      actors: [towards(driver, 5), { name: 'compact', task: compactWholeZone(memory, 0) }],
      endPages: 5,
    })),
    driverCase(named('leak to nothing and an isolator'), { kernelProfile }, ({ memory, driver, listed }) => ({
      actors: [towards(driver, 0), isolator('isolate', memory, listed)],
      endPages: 0,
    })),
    driverCase(named('leak, migration and an isolator'), { kernelProfile, ballooned: 2 }, (set) => {
      const { memory, driver, listed } = set;
      const moves = noMoves();
      return {
        actors: [
          towards(driver, 1),
          mover('move', memory, listed.slice(0, 1), MIGRATE_SYNC, moves),
          isolator('isolate', memory, listed.slice(1)),
        ],
        outcome: () => `${moves.moved} moved`,
        endPages: 1,
      };
    }),
    driverCase(named('OOM notifier and fill'), { kernelProfile, deflateOnOom: true }, ({ driver }) => ({
      actors: [{ name: 'notifier', task: oomNotifier(driver) }, towards(driver, 5)],
      outcome: () => `${driver.numPages} pages`,
    })),
    driverCase(named('OOM notifier and migration'), { kernelProfile, deflateOnOom: true }, (set) => {
      const { memory, driver, listed } = set;
      const moves = noMoves();
      return {
        actors: [{ name: 'notifier', task: oomNotifier(driver) }, mover('move', memory, listed, MIGRATE_SYNC, moves)],
        outcome: () => `${moves.moved} moved, ${driver.numPages} pages`,
      };
    }),
    driverCase(named('removal and compaction'), { kernelProfile, ballooned: 2 }, ({ memory, driver }) => ({
      actors: [
        { name: 'remove', task: removeBalloon(driver), knows: () => '' },
        { name: 'compact', task: compactWholeZone(memory, 0) },
      ],
      endPages: 0,
    })),
  ];
}
