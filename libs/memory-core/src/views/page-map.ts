/**
 * The machine's memory as a strip of cells: what the frames of each cell are, for pictures. Cost: one step a frame.
 */
import { countTags } from './frame-counts.js';
import { OWNER_FIELDS } from '../layout/memory.js';
import type { Memory } from '../layout/memory.js';
import { KIND_FILE, KIND_SLAB_RECLAIMABLE, O_KIND_PLUS_ONE } from '../layout/owner-fields.js';
import {
  MAX_BALLOON_DEVICES,
  TAG_ALLOCATED,
  TAG_BALLOON,
  TAG_BALLOON_ISOLATED,
  TAG_DEFLATED,
  TAG_HOLE,
  TAG_OFFLINE,
  TAG_OWNER,
  TAG_OWNER_ISOLATED,
  TAG_RESERVED,
} from '../layout/tags.js';
import { Z_START } from '../layout/zone-fields.js';
import { lastPfn } from './zone-names.js';

/** What a cell tells, in this order. Free: on a buddy or per-CPU list, or taken off it by compaction. */
export const PAGE_CLASSES = ['FREE', 'BALLOON', 'MOVABLE', 'UNMOVABLE', 'RECLAIMABLE', 'OFFLINE'] as const;

const FREE = 0;
const BALLOON = 1;
const MOVABLE = 2;
const UNMOVABLE = 3;
const RECLAIMABLE = 4;
const OFFLINE = 5;
/** Holes in physical memory are nothing. */
const NOTHING = -1;

export interface PageMap {
  readonly pagesPerCell: number;
  /** By cell, from pfn 0 up: pages of each class, in the order of PAGE_CLASSES. Holes count nowhere. */
  readonly cells: readonly (readonly number[])[];
}

/** At most `columns` cells of equal size (the last one may be cut short); `columns` is from 1. */
export function pageMap(memory: Memory, columns: number): PageMap {
  const endPfn = lastPfn(memory);
  const pagesPerCell = Math.max(1, Math.ceil(endPfn / columns));
  const classOf = classesByTag(memory);
  const cells: number[][] = [];
  for (let startPfn = 0; startPfn < endPfn; startPfn += pagesPerCell) {
    // Page 0 belongs to no zone.
    const counts = countTags(
      memory,
      Math.max(startPfn, memory.zones[Z_START]),
      Math.min(startPfn + pagesPerCell, endPfn),
    );
    const cell = new Array<number>(PAGE_CLASSES.length).fill(0);
    for (let tag = 0; tag < classOf.length; tag++) {
      if (classOf[tag] !== NOTHING) cell[classOf[tag]] += counts[tag];
    }
    cells.push(cell);
  }
  return { pagesPerCell, cells };
}

function classesByTag(memory: Memory): Int8Array {
  const classes = new Int8Array(256).fill(FREE);
  classes[TAG_RESERVED] = UNMOVABLE;
  classes[TAG_ALLOCATED] = UNMOVABLE;
  classes[TAG_HOLE] = NOTHING;
  classes[TAG_OFFLINE] = OFFLINE;
  classes[TAG_OWNER_ISOLATED] = MOVABLE;
  classes[TAG_DEFLATED] = BALLOON;
  classes.fill(BALLOON, TAG_BALLOON, TAG_BALLOON + MAX_BALLOON_DEVICES);
  classes.fill(BALLOON, TAG_BALLOON_ISOLATED, TAG_BALLOON_ISOLATED + MAX_BALLOON_DEVICES);
  for (let tag = TAG_OWNER; tag < classes.length; tag++) {
    const kind = memory.owners[(tag - TAG_OWNER) * OWNER_FIELDS + O_KIND_PLUS_ONE] - 1;
    classes[tag] = kind < 0 ? UNMOVABLE : classOfKind(kind);
  }
  return classes;
}

function classOfKind(kind: number): number {
  if (kind <= KIND_FILE) return MOVABLE;
  return kind === KIND_SLAB_RECLAIMABLE ? RECLAIMABLE : UNMOVABLE;
}
