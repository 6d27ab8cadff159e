/**
 * What a planted bug has to get past: random operations beside their model, small cases in every interleaving, a pass of
 * reporting, and a memory block that goes and comes, all under the audit. Cheap parts first.
 */
import { allocatePages } from '../../src/request/allocate.js';
import { freePages } from '../../src/allocator/free.js';
import {
  balloonPageAlloc,
  balloonPageDequeue,
  balloonPageEnqueue,
  createBalloonDevice,
} from '../../src/balloon/balloon.js';
import { balloonPageIsolate, balloonPagePutback } from '../../src/balloon-list/migrate.js';
import { offlineMemoryBlock } from '../../src/hotplug/offline.js';
import { onlineMemoryBlock } from '../../src/hotplug/online.js';
import { EBUSY } from '../../src/layout/errno.js';
import { NIL } from '../../src/layout/constants.js';
import { Gfp } from '../../src/layout/gfp.js';
import type { KernelProfile } from '../../src/layout/profile.js';
import { registerPageReporting, reportFreePages } from '../../src/reporting/page-reporting.js';
import { auditMemory } from '../../src/state/audit.js';
import { runToEnd } from '../../src/tasks/task.js';
import { casesOf } from '../explorer/cases.js';
import { directCase } from '../explorer/direct-cases.js';
import { explore } from '../explorer/explore.js';
import { balloonFrames as allBalloonFrames } from '../explorer/tiny.js';
import { randomOperations } from '../explorer/operations.js';
import { aZone } from '../support/zone.js';

const OPERATIONS = 1500;
const MEMORY_BLOCK_PAGES = 32_768;
const RELEASES: readonly KernelProfile[] = ['6.12', '7.0'];
/** Of the explorer's cases those that take little and find all that the others find. */
const CASES = [
  'leak to nothing and an isolator',
  'putback and a locked page',
  'leak and asynchronous migration',
  'fill and compaction',
];

/** The first fault found, or null. */
export function findFault(): string | null {
  for (const kernelProfile of RELEASES) {
    const fault = laterFault(kernelProfile) ?? randomOperations(7, OPERATIONS, { kernelProfile });
    if (fault !== null) return fault;
  }
  for (const kernelProfile of RELEASES) {
    for (const scenario of casesOf(kernelProfile)) {
      if (!CASES.includes(scenario.name.slice(`${kernelProfile}: `.length))) continue;
      const { finding } = explore(scenario, { maxStates: 5000 });
      if (finding !== null) return finding;
    }
  }
  return explore(directCase('6.12', 'another request')).finding ?? reportingFault() ?? offliningFault();
}

/** A balloon whose only page is isolated answers "later", and has it again after the putback. */
function laterFault(kernelProfile: KernelProfile): string | null {
  const memory = aZone(1024, { kernelProfile });
  const device = createBalloonDevice(memory, true);
  const pfn = balloonPageAlloc(memory);
  balloonPageEnqueue(memory, device, pfn);
  balloonPageIsolate(memory, pfn);
  try {
    if (balloonPageDequeue(memory, device) !== NIL) return 'dequeue takes an isolated page';
    balloonPagePutback(memory, pfn);
    return balloonPageDequeue(memory, device) === pfn ? null : 'a page that was put back does not come';
  } catch (error) {
    return String(error);
  }
}

/** Large free blocks are reported, taken, given back and reported again: 80 MiB, so that reporting sees enough to spare. */
function reportingFault(): string | null {
  const memory = aZone(20_480);
  registerPageReporting(memory);
  const told: number[] = [];
  const report = (): void => {
    runToEnd(
      memory,
      reportFreePages(memory, ({ pfns, from }) => {
        told.push(...pfns.subarray(from));
        return true;
      }),
    );
  };
  report();
  report(); // the last block of the zone was left to it
  const all = told.length;
  report();
  if (told.length !== all) return 'reporting tells the host of the same block twice';
  const pfn = allocatePages(memory, 9, Gfp.KERNEL);
  const problems = auditMemory(memory);
  freePages(memory, pfn, 9);
  report();
  if (told.length !== all + 1) return `reporting tells of ${told.length - all} blocks after one was in use`;
  return [...problems, ...auditMemory(memory)][0] ?? null;
}

/** A memory block with balloon pages and pages on per-CPU lists goes and comes back, and is refused while a page is pinned. */
function offliningFault(): string | null {
  const memory = aZone(MEMORY_BLOCK_PAGES + 1024, { pcp: true });
  const device = createBalloonDevice(memory, true);
  for (let page = 0; page < 3; page++) balloonPageEnqueue(memory, device, balloonPageAlloc(memory));
  freePages(memory, allocatePages(memory, 0, Gfp.KERNEL), 0);
  const offline = (): number =>
    runToEnd(
      memory,
      offlineMemoryBlock(memory, 0, (passes) => passes > 20),
    );
  const blocks = [1, 2, 3, 4].map(() => allocatePages(memory, 10, Gfp.KERNEL));
  const pinned = blocks.pop()!; // neither in the first nor in the last pageblock, which are isolated before the others
  for (const pfn of blocks) freePages(memory, pfn, 10);
  const refused = offline();
  const afterRefusal = auditMemory(memory);
  freePages(memory, pinned, 10);
  if (refused !== -EBUSY) return `offlining with a pinned page answers ${refused}`;
  const gone = offline();
  const afterwards = auditMemory(memory);
  if (gone !== 0) return `offlining answers ${gone}`;
  if (allBalloonFrames(memory).some((pfn) => pfn < MEMORY_BLOCK_PAGES))
    return 'balloon pages are in memory that is offline';
  const back = onlineMemoryBlock(memory, 0);
  if (back !== 0) return `onlining answers ${back}`;
  return [...afterRefusal, ...afterwards, ...auditMemory(memory)][0] ?? null;
}
