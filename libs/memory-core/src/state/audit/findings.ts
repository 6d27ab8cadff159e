/** What one audit has found so far, and the two questions that every part of it asks: who else has this frame, is this list whole. */
import type { Memory } from '../../layout/memory.js';

export interface Findings {
  readonly problems: string[];
  /** 1 for a frame that is in a free block, on a list or held by somebody known: B4 allows one of these. */
  readonly seen: Uint8Array;
  /** Frames by tag. */
  readonly frames: Int32Array;
}

const MAX_PROBLEMS = 20;

export function startFindings(memory: Memory): Findings {
  const frames = new Int32Array(256);
  const { tag } = memory;
  for (let pfn = 0; pfn < tag.length; pfn++) frames[tag[pfn]]++;
  return { problems: [], seen: new Uint8Array(memory.spanPages), frames };
}

export function report(findings: Findings, problem: string): void {
  if (findings.problems.length < MAX_PROBLEMS) findings.problems.push(problem);
}

/** Reports when the two differ. */
export function same(findings: Findings, what: string, kept: number, counted: number): void {
  if (kept !== counted) report(findings, `${what}: ${kept} kept, ${counted} counted`);
}

/** Nodes of a list from its head, with links checked in both directions. */
export function walk(memory: Memory, sentinel: number, name: string, findings: Findings): number[] {
  const { links } = memory;
  const nodes: number[] = [];
  for (let node = links[2 * sentinel]; node !== sentinel; node = links[2 * node]) {
    if (node < 0 || 2 * node >= links.length || nodes.length > memory.spanPages) {
      report(findings, `${name}: does not come back to its sentinel`);
      return nodes;
    }
    if (links[2 * links[2 * node] + 1] !== node || links[2 * links[2 * node + 1]] !== node)
      report(findings, `${name}: node ${node} is half linked`);
    nodes.push(node);
  }
  if (nodes.length === 0 && links[2 * sentinel + 1] !== sentinel)
    report(findings, `${name}: is empty from one end only`);
  return nodes;
}

/** B4: a frame is in one place at most. */
export function claimFrames(pfn: number, pages: number, name: string, findings: Findings): void {
  if (pfn < 0 || pfn + pages > findings.seen.length) {
    report(findings, `${name}: there are no ${pages} frames at ${pfn}`);
    return;
  }
  for (let at = pfn; at < pfn + pages; at++) {
    if (findings.seen[at] === 1) report(findings, `${name}: pfn ${at} is also somewhere else`);
    findings.seen[at] = 1;
  }
}
