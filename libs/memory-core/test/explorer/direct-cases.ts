/** Direct compaction in the explorer: a block that is caught on its way to the free lists while the run goes on. */
import { freePages } from '../../src/allocator/free.js';
import { takeSmallest } from '../../src/allocator/buddy.js';
import { createBalloonDevice } from '../../src/balloon/balloon.js';
import { PRIORITY_SYNC_FULL, directCompact } from '../../src/compaction/direct.js';
import { MOVABLE, NIL, ZONE_NORMAL } from '../../src/layout/constants.js';
import { EV_COMPACT_SUCCESS } from '../../src/layout/events.js';
import type { Memory } from '../../src/layout/memory.js';
import type { KernelProfile } from '../../src/layout/profile.js';
import { TAG_ALLOCATED } from '../../src/layout/tags.js';
import { createOwner } from '../../src/owners/owner.js';
import type { Task } from '../../src/tasks/task.js';
import { occupyAll } from '../support/movable.js';
import { adoptPages, withoutPcp } from '../support/zone.js';
import { SmallDriver } from './small-driver.js';
import type { Actor, Play, Scenario } from './stage.js';
import { copyMemory, tinyMemory } from './tiny.js';

const ORDER = 1;
/** A pair that becomes the block, and a page below it that is moved after it. */
const BALLOONED = [480, 488, 489];
/** Single free frames up to the end of the zone, more than the run needs and twice the block; none is the buddy of another. */
const FREE = Array.from({ length: 10 }, (_, index) => 1054 - 2 * index);

/** Asks for a pair, as a request that has nothing left but to compact, and frees it again. */
function seeker(name: string, memory: Memory): Actor {
  function* run(): Task<void> {
    const request = {
      order: ORDER,
      migratetype: MOVABLE,
      zonelist: Int32Array.of(0),
      highestType: ZONE_NORMAL,
      rights: 0,
      priority: PRIORITY_SYNC_FULL,
    };
    const { pfn } = yield* directCompact(memory, request, () => takeSmallest(memory, 0, ORDER, MOVABLE));
    if (pfn === NIL) return;
    memory.tag.fill(TAG_ALLOCATED, pfn, pfn + 2 ** ORDER);
    freePages(memory, pfn, ORDER);
  }
  return { name, task: run() };
}

/** Two requests for blocks, or one beside a balloon that leaks, on memory that is full but for single pages. */
export function directCase(kernelProfile: KernelProfile, other: 'leak' | 'another request'): Scenario {
  const origin = tinyMemory({ kernelProfile });
  return {
    name: `${kernelProfile}: direct compaction and ${other}`,
    start(): Play {
      const memory = copyMemory(origin);
      const driver = fill(withoutPcp(memory));
      const actors = [seeker('request', memory)];
      if (other === 'leak') driver.target = BALLOONED.length - 1;
      actors.push(other === 'leak' ? driver.sizeWork('leak') : seeker('another request', memory));
      return {
        memory,
        actors,
        shared: () => driver.shared(),
        check: () => driver.check(),
        settled: () => driver.settled(),
        outcome: () => `${memory.events[EV_COMPACT_SUCCESS]} served`,
      };
    },
  };
}

function fill(memory: Memory): SmallDriver {
  occupyAll(memory);
  for (const pfn of FREE) freePages(memory, pfn, 0);
  const driver = new SmallDriver(memory, createBalloonDevice(memory, true)).adopt(BALLOONED);
  const owner = createOwner(memory, 'KERNEL');
  memory.tag.forEach((tag, pfn) => {
    if (tag === TAG_ALLOCATED) adoptPages(memory, owner, pfn, 1);
  });
  return driver;
}
