/**
 * Recounts a memory the slow way and says what does not hold; an empty list means it is sound. The checks share nothing with
 * the verbs but the layout of the columns. It holds after every step of every task too: a page in transit carries a tag that
 * says so. Cost: a few passes over all frames; for tests and for doubt, not for every tick.
 *
 * The numbers B1 … B12 are those of the reference's list of balloon invariants. B3, B10 and B11 speak of a driver or of two moments and are the tests'.
 */
import type { Memory } from '../layout/memory.js';
import { auditBalloons } from './audit/balloons.js';
import { startFindings } from './audit/findings.js';
import { auditFreeBlocks } from './audit/free-blocks.js';
import { auditOwners } from './audit/owners.js';
import { auditPerCpuLists } from './audit/per-cpu.js';
import { auditSwap } from './audit/swap.js';
import { auditZones } from './audit/zones.js';

export function auditMemory(memory: Memory): string[] {
  const findings = startFindings(memory);
  auditFreeBlocks(memory, findings);
  auditPerCpuLists(memory, findings);
  auditOwners(memory, findings);
  auditSwap(memory, findings);
  auditBalloons(memory, findings);
  auditZones(memory, findings);
  return findings.problems;
}
