/** Cases that need real sizes: a memory block that goes offline, and free page reporting, which leaves small zones alone. */
import { allocatePages } from '../../src/request/allocate.js';
import { freePages } from '../../src/allocator/free.js';
import { createBalloonDevice } from '../../src/balloon/balloon.js';
import { offlineMemoryBlock } from '../../src/hotplug/offline.js';
import { NIL } from '../../src/layout/constants.js';
import { Gfp } from '../../src/layout/gfp.js';
import type { Memory } from '../../src/layout/memory.js';
import type { KernelProfile } from '../../src/layout/profile.js';
import { registerPageReporting, reportFreePages } from '../../src/reporting/page-reporting.js';
import { RESCHEDULE } from '../../src/tasks/task.js';
import type { Task } from '../../src/tasks/task.js';
import { aZone } from '../support/zone.js';
import { isolator } from './movers.js';
import { SmallDriver } from './small-driver.js';
import type { Actor, Play, Scenario } from './stage.js';
import { copyMemory, listedPages } from './tiny.js';

const MEMORY_BLOCK_PAGES = 32_768;
/** Looks for pages to move before the one who asked gives up. */
const PATIENCE = 2;

/** A memory block with a balloon page or two in it goes offline while somebody is at the pages. */
export function offlineCase(kernelProfile: KernelProfile, other: 'leak' | 'fill' | 'an isolator'): Scenario {
  const origin = aZone(MEMORY_BLOCK_PAGES + 1024, { kernelProfile });
  return {
    name: `${kernelProfile}: offlining and ${other}`,
    start(): Play {
      const memory = copyMemory(origin);
      const pages = other === 'an isolator' ? 2 : 1;
      const driver = new SmallDriver(memory, createBalloonDevice(memory, true), 1).inflateAtOnce(pages);
      const result = { value: 1 };
      if (other !== 'an isolator') driver.target = other === 'leak' ? 0 : 2;
      const second: Actor =
        other === 'an isolator'
          ? isolator('isolate', memory, listedPages(memory, driver.device))
          : driver.sizeWork(other);
      return {
        memory,
        actors: [{ name: 'offline', task: offline(memory, result) }, second],
        shared: () => driver.shared(),
        check: () => driver.check(),
        settled: () => driver.settled(),
        outcome: () => String(result.value),
      };
    },
  };
}

function* offline(memory: Memory, result: { value: number }): Task<void> {
  result.value = yield* offlineMemoryBlock(memory, 0, (passes) => passes > PATIENCE);
}

/** A pass of reporting while somebody takes large blocks and gives them back; no block is with the host and in use. */
export function reportingCase(kernelProfile: KernelProfile): Scenario {
  const origin = aZone(18 * 1024, { kernelProfile });
  registerPageReporting(origin);
  return {
    name: `${kernelProfile}: reporting and allocation`,
    start(): Play {
      const memory = copyMemory(origin);
      const withHost = new Map<number, number>();
      return {
        memory,
        actors: [
          { name: 'report', task: report(memory, withHost) },
          { name: 'allocate', task: taker(memory) },
        ],
        shared: () => [...withHost.keys()].join(),
        check: () =>
          [...withHost].flatMap(([pfn, pages]) =>
            memory.tag.subarray(pfn + 1, pfn + pages).every((tag) => tag === 0)
              ? []
              : [`pfn ${pfn} is with the host and in use`],
          ),
      };
    },
  };
}

/** What is told in one step is the host's until the next one. */
function* report(memory: Memory, withHost: Map<number, number>): Task<void> {
  const task = reportFreePages(memory, ({ pfns, orders, from }) => {
    for (let at = from; at < pfns.length; at++) withHost.set(pfns[at], 2 ** orders[at]);
    return true;
  });
  for (let step = task.next(); step.done !== true; step = task.next()) {
    yield step.value;
    withHost.clear();
  }
}

function* taker(memory: Memory): Task<void> {
  const taken: number[] = [];
  for (let block = 0; block < 3; block++) {
    const pfn = allocatePages(memory, 9, Gfp.KERNEL);
    if (pfn !== NIL) taken.push(pfn);
    yield RESCHEDULE;
  }
  for (const pfn of taken) freePages(memory, pfn, 9);
}
