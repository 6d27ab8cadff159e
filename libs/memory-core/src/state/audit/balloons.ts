/** Balloons: B1, B2, B5, B6, B7 and B9 of the reference. */
import { D_ADJUSTS_MANAGED, D_IN_USE, D_ISOLATED, D_LISTED } from '../../balloon-list/device.js';
import { EV_BALLOON_DEFLATE, EV_BALLOON_INFLATE } from '../../layout/events.js';
import { DEVICE_FIELDS, balloonListNode } from '../../layout/memory.js';
import type { Memory } from '../../layout/memory.js';
import { NODE_FIELDS, N_BALLOON_PAGES } from '../../layout/node-fields.js';
import { MAX_BALLOON_DEVICES, TAG_BALLOON, TAG_BALLOON_ISOLATED } from '../../layout/tags.js';
import { claimFrames, report, same, walk } from './findings.js';
import type { Findings } from './findings.js';

export function auditBalloons(memory: Memory, findings: Findings): void {
  let held = 0;
  for (let device = 0; device < MAX_BALLOON_DEVICES; device++) held += auditDevice(memory, device, findings);
  const { events } = memory;
  same(findings, 'balloon_inflate − balloon_deflate', events[EV_BALLOON_INFLATE] - events[EV_BALLOON_DEFLATE], held);
  auditNodeCounts(memory, held, findings);
}

/** B2: as in the kernel the sum runs ahead by one for each page that a migration deflated (−ENOENT). */
function auditNodeCounts(memory: Memory, held: number, findings: Findings): void {
  if (!memory.rules.countsBalloonPages) return;
  let counted = 0;
  for (let node = 0; node < memory.nodeCount; node++) counted += memory.nodes[node * NODE_FIELDS + N_BALLOON_PAGES];
  if (counted < held) report(findings, `nr_balloon_pages: ${counted} kept, ${held} pages are in balloons`);
}

/** Pages of the device by its own count: P + I. */
function auditDevice(memory: Memory, device: number, findings: Findings): number {
  const row = device * DEVICE_FIELDS;
  const [listed, isolated] = [memory.devices[row + D_LISTED], memory.devices[row + D_ISOLATED]];
  const name = `balloon ${device}`;
  const nodes = walk(memory, balloonListNode(memory, device), name, findings);
  for (const pfn of nodes) {
    if (memory.tag[pfn] !== TAG_BALLOON + device)
      report(findings, `${name}: lists pfn ${pfn} of tag ${memory.tag[pfn]}`);
    claimFrames(pfn, 1, name, findings);
  }
  same(findings, `${name} listed pages`, listed, nodes.length);
  same(findings, `${name} frames`, listed, findings.frames[TAG_BALLOON + device]);
  same(findings, `${name} isolated pages`, isolated, findings.frames[TAG_BALLOON_ISOLATED + device]);
  if (isolated < 0 || listed < 0) report(findings, `${name}: ${listed} listed, ${isolated} isolated pages`);
  if (memory.devices[row + D_IN_USE] === 0 && listed + isolated > 0)
    report(findings, `${name} is gone and keeps pages`);
  if (isolated > 0 && !memory.config.balloonCompaction) report(findings, `${name}: isolated pages without migration`);
  return listed + isolated;
}

/** True for a frame, listed or isolated, whose device takes its pages out of the managed pages. */
export function isUnmanagedBalloonTag(memory: Memory, tag: number): boolean {
  const device = deviceOfTag(tag);
  return device >= 0 && memory.devices[device * DEVICE_FIELDS + D_ADJUSTS_MANAGED] === 1;
}

/** Device of a listed or isolated balloon frame, or −1. */
function deviceOfTag(tag: number): number {
  if (tag >= TAG_BALLOON && tag < TAG_BALLOON + MAX_BALLOON_DEVICES) return tag - TAG_BALLOON;
  if (tag >= TAG_BALLOON_ISOLATED && tag < TAG_BALLOON_ISOLATED + MAX_BALLOON_DEVICES)
    return tag - TAG_BALLOON_ISOLATED;
  return -1;
}
