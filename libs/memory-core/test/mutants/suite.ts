/**
 * What a planted bug has to get past: random operations beside their model, small cases in every interleaving, and a pass of
 * reporting, all under the audit. Cheap parts first.
 */
import { allocatePages } from '../../src/allocator/allocate.js';
import { freePages } from '../../src/allocator/free.js';
import {
  balloonPageAlloc,
  balloonPageDequeue,
  balloonPageEnqueue,
  createBalloonDevice,
} from '../../src/balloon/balloon.js';
import { balloonPageIsolate, balloonPagePutback } from '../../src/balloon/migrate.js';
import { NIL } from '../../src/layout/constants.js';
import { Gfp } from '../../src/layout/gfp.js';
import type { KernelProfile } from '../../src/layout/profile.js';
import { registerPageReporting, reportFreePages } from '../../src/reporting/page-reporting.js';
import { auditMemory } from '../../src/state/audit.js';
import { runToEnd } from '../../src/tasks/task.js';
import { casesOf } from '../explorer/cases.js';
import { explore } from '../explorer/explore.js';
import { randomOperations } from '../explorer/operations.js';
import { aZone } from '../support/zone.js';

const OPERATIONS = 1500;
const RELEASES: readonly KernelProfile[] = ['6.12', '7.0'];
/** Cases that take long, and find nothing that the others do not. */
const LONG = /program|two|per-CPU|fill and an isolator/;

/** The first fault found, or null. */
export function findFault(): string | null {
  for (const kernelProfile of RELEASES) {
    const fault = laterFault(kernelProfile) ?? randomOperations(7, OPERATIONS, { kernelProfile });
    if (fault !== null) return fault;
  }
  const reporting = reportingFault();
  if (reporting !== null) return reporting;
  for (const kernelProfile of RELEASES) {
    for (const scenario of casesOf(kernelProfile)) {
      if (LONG.test(scenario.name)) continue;
      const { finding } = explore(scenario, { maxStates: 5000 });
      if (finding !== null) return finding;
    }
  }
  return null;
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
