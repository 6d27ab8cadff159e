/** Plants bugs in the core, one at a time, and shows that the explorer, the random operations and the audit catch each. */
import { catchesAll } from './catching.js';
import type { Mutant } from './plant.js';

const CORE = 'memory-core/src';

const MUTANTS: readonly Mutant[] = [
  {
    bug: 'dequeue does not look whether the page is somebody else’s just now',
    file: `${CORE}/balloon/balloon.ts`,
    from: 'if (lockable && isPageLocked(memory, pfn)) {',
    to: 'if (lockable && isPageLocked(memory, -2)) {',
  },
  {
    bug: 'an isolated page stays on the list, and dequeue takes it',
    file: `${CORE}/balloon-list/migrate.ts`,
    from: '  unlink(memory.links, pfn);',
    to: '',
  },
  {
    bug: 'dequeue takes a balloon whose pages are all isolated for a lost one',
    file: `${CORE}/balloon/balloon.ts`,
    from: 'if (memory.devices[row + D_LISTED] === 0 && memory.devices[row + D_ISOLATED] === 0) {',
    to: 'if (memory.devices[row + D_LISTED] === 0) {',
  },
  {
    bug: 'putback at the tail',
    file: `${CORE}/balloon-list/migrate.ts`,
    from: 'pushHead(memory.links, balloonListNode(memory, device), pfn);',
    to: 'pushHead(memory.links, memory.links[2 * balloonListNode(memory, device) + 1], pfn);',
  },
  {
    bug: 'a migration counts as an inflation',
    file: `${CORE}/balloon-list/move.ts`,
    from: 'memory.events[EV_BALLOON_MIGRATE]++;',
    to: 'memory.events[EV_BALLOON_MIGRATE]++; memory.events[EV_BALLOON_DEFLATE - 1]++;',
  },
  {
    bug: 'isolating does not try the page’s lock',
    file: `${CORE}/migration/isolate.ts`,
    from: 'if (!memory.config.balloonCompaction || isPageLocked(memory, pfn)) return false;',
    to: 'if (!memory.config.balloonCompaction) return false;',
  },
  {
    bug: 'the driver’s migration does not try the balloon’s lock',
    file: 'memory-core/test/explorer/small-driver.ts',
    from: 'if (this.lock.held) return -EAGAIN;',
    to: '',
  },
  {
    bug: 'managed pages do not follow a page to another zone',
    file: `${CORE}/balloon-list/move.ts`,
    from: 'if (blockZone[oldPfn >> PAGEBLOCK_ORDER] !== blockZone[newPfn >> PAGEBLOCK_ORDER]) {',
    to: 'if (blockZone[oldPfn >> PAGEBLOCK_ORDER] < 0) {',
  },
  {
    bug: 'pages of no device (being deflated) are isolated',
    file: `${CORE}/balloon-list/migrate.ts`,
    from: 'if (!isBalloonTag(tag)) return false;',
    to: 'if (!isBalloonTag(tag) && tag !== 13 && tag !== 12) return false;',
  },
  {
    bug: 'a block that leaves its list stays reported',
    file: `${CORE}/allocator/buddy.ts`,
    from: 'memory.blockFlags[pfn >> BLOCK_ORDER] &= ~REPORTED;',
    to: '',
  },
  {
    bug: 'a page is freed to the list of another migratetype',
    file: `${CORE}/allocator/buddy.ts`,
    from: 'const counts = zone * ZONE_LISTS + type;',
    to: 'const counts = zone * ZONE_LISTS + (type === 1 ? 2 : type);',
  },
  {
    bug: 'a driver that is busy is taken for one that has moved the page',
    file: `${CORE}/balloon-list/migrate.ts`,
    from: 'else if (result < 0) return result;',
    to: 'else if (result < 0 && result !== -EAGAIN) return result;',
  },
  {
    bug: 'deflated pages are freed before the host has given them back',
    file: 'memory-core/test/explorer/small-driver.ts',
    from: "place.at = 'deflating';",
    to: "place.at = 'deflating'; for (const pfn of place.pages) freePages(this.memory, pfn, 0);",
  },
  {
    bug: 'a target that was not needed is forgotten',
    file: `${CORE}/migration/migrate-pages.ts`,
    from: 'batch.targets.give(batch.news[at], orderAt(batch, at));',
    to: '',
  },
  {
    bug: 'a moved page’s new frame stays locked',
    file: `${CORE}/migration/migrate-pages.ts`,
    from: '  unlockPage(memory, batch.news[at]);',
    to: '',
  },
  {
    bug: 'compaction forgets the targets that are left over',
    file: `${CORE}/compaction/compact-zone.ts`,
    from: '  if (cc.freePages > 0) {',
    to: '  if (cc.freePages < 0) {',
  },
  {
    bug: 'compaction does not put back what would not move',
    file: `${CORE}/compaction/compact-zone.ts`,
    from: 'if (error !== 0) yield* putbackMovablePages(memory, sources);',
    to: '',
  },
  {
    bug: 'a block taken for compaction still counts as free',
    file: `${CORE}/allocator/isolate-free.ts`,
    from: '  accountFreePages(memory, zone, type, -(1 << order));',
    to: '',
  },
  {
    bug: 'putback does not count',
    file: `${CORE}/balloon-list/migrate.ts`,
    from: '  memory.devices[row + D_LISTED]++;\n  memory.devices[row + D_ISOLATED]--;',
    to: '  memory.devices[row + D_LISTED]++;',
  },
  {
    bug: 'putback does not wait for the page’s lock and drops the page',
    file: `${CORE}/migration/isolate.ts`,
    from: "while (isPageLocked(memory, pfn)) yield { kind: 'PAGE_LOCK', pfn };",
    to: 'if (isPageLocked(memory, pfn)) return;',
  },
  {
    bug: 'a leak that finds nothing keeps the balloon’s lock',
    file: 'memory-core/test/explorer/small-driver.ts',
    from: '    place.pages = [];\n    this.lock.held = false;\n    return count;',
    to: '    place.pages = [];\n    if (count > 0) this.lock.held = false;\n    return count;',
  },
  {
    bug: 'offlining does not drain the per-CPU lists',
    file: `${CORE}/hotplug/offline.ts`,
    from: '  disablePcp(memory, zone);',
    to: '',
  },
  {
    bug: 'a pageblock’s isolation is not undone when another one cannot be isolated',
    file: `${CORE}/isolation/isolate-range.ts`,
    from: 'for (const block of done) unisolatePageblock(memory, block);',
    to: '',
  },
  {
    bug: 'isolated pageblocks stay counted',
    file: `${CORE}/isolation/isolate-block.ts`,
    from: 'memory.zones[memory.blockZone[block] * ZONE_FIELDS + Z_ISOLATED_BLOCKS]--;',
    to: '',
  },
  {
    bug: 'offline memory stays managed',
    file: `${CORE}/hotplug/offline.ts`,
    from: '  zones[row + Z_MANAGED] -= pages;',
    to: '',
  },
  {
    bug: 'a block that was caught is on no list and says nothing',
    file: `${CORE}/allocator/buddy.ts`,
    from: 'memory.tag[pfn] = TAG_COMPACT_FREE + order; // until its task, which may sleep first, takes it',
    to: '',
  },
];

catchesAll(['memory-core/src', 'memory-core/test'], 'memory-core/test/mutants/suite.js', MUTANTS);
