/**
 * The allocator told in the slowest and plainest way: arrays of pfns, searched and spliced. It shares no code with the
 * core, only the numbers of orders, migratetypes and zone types, and it starts from what a fresh Memory looks like.
 * Written from the description of the kernel's rules; where the two disagree, one of them is wrong.
 */
import type { Memory } from '../../src/layout/memory.js';
import { PCP_FIELDS } from '../../src/layout/pcp-fields.js';
import { freeList, zoneField } from '../support/zone.js';
import {
  Z_BOOST,
  Z_END,
  Z_MANAGED,
  Z_NODE,
  Z_RESERVE,
  Z_START,
  Z_TYPE,
  Z_WMARK_HIGH,
  Z_WMARK_LOW,
  Z_WMARK_MIN,
} from '../../src/layout/zone-fields.js';

const [UNMOVABLE, MOVABLE, RECLAIMABLE, ISOLATE] = [0, 1, 2, 4];
const FALLBACKS: Record<number, number[]> = {
  [UNMOVABLE]: [RECLAIMABLE, MOVABLE],
  [MOVABLE]: [RECLAIMABLE, UNMOVABLE],
  [RECLAIMABLE]: [UNMOVABLE, MOVABLE],
};

export interface SlowZone {
  readonly start: number;
  readonly end: number;
  readonly type: number;
  readonly node: number;
  managed: number;
  readonly min: number;
  readonly low: number;
  readonly high: number;
  reserve: number[];
  boost: number;
  /** free[order][migratetype]: first pfns, head first. */
  readonly free: number[][][];
}

/** Per-CPU lists of one zone, one CPU: lists by 3 × order + type for orders 0 … 3, then two for order 9; head first. */
export interface SlowPcp {
  count: number;
  high: number;
  highMin: number;
  highMax: number;
  batch: number;
  allocFactor: number;
  freeCount: number;
  freeFactor: number;
  previousHighOrder: boolean;
  belowHigh: boolean;
  readonly lists: number[][];
}

/** What a frame is used for: nothing (free or absent), kept by the kernel, or whose it is. */
export type SlowUse = 'FREE' | 'KERNEL_IMAGE' | 'HELD' | 'PCP' | `balloon ${number}` | `owner ${number}`;

export interface SlowRequest {
  readonly order: number;
  readonly type: number;
  readonly highestZone: number;
}

export class SlowMemory {
  readonly zones: SlowZone[] = [];
  readonly blockType: number[];
  readonly use: SlowUse[];
  /** Movable owners' pages and, if configured, balloon pages. */
  readonly isMovable: (use: SlowUse) => boolean;
  readonly claimThenSteal: boolean;
  /** From 7.0 the reserves follow the balloon; before, only boot and sysctl writes compute them. */
  readonly reservesFollowBalloon: boolean;
  readonly oneNode: boolean;
  readonly tunesPcp: boolean;
  readonly pcps: SlowPcp[] = [];

  constructor(memory: Memory, isMovable: (use: SlowUse) => boolean) {
    this.isMovable = isMovable;
    this.claimThenSteal = memory.config.kernelProfile === '7.0';
    this.reservesFollowBalloon = memory.config.kernelProfile === '7.0';
    this.oneNode = memory.nodeCount === 1;
    this.tunesPcp = ['6.12', '7.0'].includes(memory.config.kernelProfile);
    this.blockType = [...memory.blockType];
    this.use = Array.from(memory.tag, (tag) => (tag === 10 || tag === 11 ? 'KERNEL_IMAGE' : 'FREE'));
    for (let zone = 0; zone < memory.zoneCount; zone++) {
      const field = (offset: number): number => zoneField(memory, offset, zone);
      this.zones.push({
        start: field(Z_START),
        end: field(Z_END),
        type: field(Z_TYPE),
        node: field(Z_NODE),
        managed: field(Z_MANAGED),
        min: field(Z_WMARK_MIN),
        low: field(Z_WMARK_LOW),
        high: field(Z_WMARK_HIGH),
        reserve: [0, 1, 2, 3].map((type) => field(Z_RESERVE + type)),
        boost: field(Z_BOOST),
        free: Array.from({ length: 11 }, (_o, order) =>
          Array.from({ length: 5 }, (_t, type) => freeList(memory, order, type, zone)),
        ),
      });
    }
  }

  /** `pages` (negative: fewer) of a zone's managed pages come back from a balloon. */
  adjustManaged(zone: SlowZone, pages: number): void {
    zone.managed += pages;
    if (!this.reservesFollowBalloon) return;
    const ratios = [256, 256, 32, 0];
    for (const lower of this.zones) {
      lower.reserve = [0, 1, 2, 3].map((highest) => {
        const above = this.zones.filter((other) => other.node === lower.node && other.type > lower.type);
        const counted = above.filter((other) => other.type <= highest);
        const ratio = ratios[lower.type];
        if (ratio === 0 || lower.managed === 0) return 0;
        return Math.floor(counted.reduce((sum, other) => sum + other.managed, 0) / ratio);
      });
    }
  }

  /** Uses per-CPU lists from now on, with the bounds that the memory's first CPU has. */
  usePcp(memory: Memory): void {
    this.zones.forEach((_zone, index) => {
      const [, high, highMin, highMax, batch] = memory.pcp.subarray(index * memory.cpuCount * PCP_FIELDS);
      this.pcps.push({
        count: 0,
        high: high,
        highMin: highMin,
        highMax: highMax,
        batch: batch,
        allocFactor: 0,
        freeCount: 0,
        freeFactor: 0,
        previousHighOrder: false,
        belowHigh: false,
        lists: Array.from({ length: 14 }, () => []),
      });
    });
  }

  /** Frees one block that is in use, through the per-CPU lists where they apply. */
  release(pfn: number, order: number): void {
    const pcp = this.pcps.at(this.zones.indexOf(this.zoneOf(pfn)));
    const type = this.typeAt(pfn);
    if (pcp === undefined || (order > 3 && order !== 9) || type === ISOLATE) {
      this.free(pfn, order);
      return;
    }
    for (let at = pfn; at < pfn + 2 ** order; at++) this.use[at] = 'PCP';
    const list = listIndex(order, type > 2 ? MOVABLE : type, this.tunesPcp);
    pcp.lists[list].unshift(pfn);
    pcp.count += 2 ** order;
    let dump: boolean;
    if (this.tunesPcp) {
      pcp.allocFactor = Math.floor(pcp.allocFactor / 2);
      const small = order >= 1 && order <= 3;
      dump = small && pcp.previousHighOrder && pcp.freeCount >= pcp.batch;
      pcp.previousHighOrder = small;
      if (pcp.freeCount < pcp.batch * 32) pcp.freeCount += 2 ** order;
    } else {
      dump = pcp.freeFactor > 0 && order >= 1 && order <= 3;
    }
    this.giveBack(pcp, this.zoneOf(pfn), list, dump);
  }

  private giveBack(pcp: SlowPcp, zone: SlowZone, list: number, dump: boolean): void {
    const { batch } = pcp;
    const high = this.clamp(pcp);
    let limit = high;
    if (high === 0) limit = 0;
    else if (dump) {
      limit = 0;
      if (this.tunesPcp) pcp.high = Math.max(high - batch * 32, pcp.highMin);
    } else if (this.tunesPcp && pcp.highMin !== pcp.highMax) {
      if (pcp.belowHigh) {
        pcp.high = Math.max(high - Math.max(pcp.freeCount, batch), pcp.highMin);
        limit = Math.max(pcp.count, pcp.highMin);
      } else if (pcp.count >= high && high < pcp.freeCount + batch) {
        pcp.high = Math.min(Math.max(pcp.freeCount + batch, pcp.highMin), pcp.highMax);
      }
    }
    if (pcp.count < limit) return;
    let pages: number;
    if (dump) pages = this.tunesPcp ? Math.min(pcp.count, batch * 32) : pcp.count;
    else if (limit < batch) pages = 1;
    else {
      let wanted = pcp.freeCount;
      if (!this.tunesPcp) {
        wanted = batch * 2 ** pcp.freeFactor;
        if (wanted < limit - batch) pcp.freeFactor++;
      }
      pages = Math.min(Math.max(wanted, batch), limit - batch);
    }
    this.drain(pcp, pages, list);
    if (pcp.belowHigh && this.freePages(zone) > zone.high + zone.boost + zone.reserve[3]) pcp.belowHigh = false;
  }

  drain(pcp: SlowPcp, pages: number, first: number): void {
    let left = Math.min(pages, pcp.count);
    for (let list = first; left > 0; list = (list + 1) % 14) {
      const order = list > 11 ? 9 : Math.floor(list / 3);
      while (left > 0 && pcp.lists[list].length > 0) {
        this.free(pcp.lists[list].pop()!, order);
        pcp.count -= 2 ** order;
        left -= 2 ** order;
      }
    }
  }

  /** What the kernel does each second. */
  refresh(): void {
    if (!this.tunesPcp) return;
    for (const pcp of this.pcps) {
      if (pcp.high > pcp.highMin) {
        pcp.high = Math.max(pcp.count - pcp.batch * 32, pcp.high - Math.floor(pcp.high / 8), pcp.highMin);
      }
      if (pcp.count > pcp.high) this.drain(pcp, pcp.count - pcp.high, 0);
    }
  }

  private takeCached(zone: SlowZone, order: number, type: number, careful: boolean): number | null {
    const pcp = this.pcps.at(this.zones.indexOf(zone));
    if (pcp === undefined || (order > 3 && order !== 9)) {
      return this.takeOwn(zone, order, type) ?? this.takeForeign(zone, order, type, careful);
    }
    pcp.freeCount = Math.floor(pcp.freeCount / 2);
    pcp.freeFactor = Math.floor(pcp.freeFactor / 2);
    const list = pcp.lists[listIndex(order, type, this.tunesPcp)];
    if (list.length === 0) {
      for (let blocks = this.refillSize(pcp, order); blocks > 0; blocks--) {
        const pfn = this.takeOwn(zone, order, type) ?? this.takeForeign(zone, order, type, careful);
        if (pfn === null) break;
        for (let at = pfn; at < pfn + 2 ** order; at++) this.use[at] = 'PCP';
        list.push(pfn);
        pcp.count += 2 ** order;
      }
    }
    const pfn = list.shift();
    if (pfn === undefined) return null;
    pcp.count -= 2 ** order;
    for (let at = pfn; at < pfn + 2 ** order; at++) this.use[at] = 'HELD';
    return pfn;
  }

  private refillSize(pcp: SlowPcp, order: number): number {
    let { batch } = pcp;
    if (this.tunesPcp) {
      let high = this.clamp(pcp);
      if (high < batch) return 1;
      if (order === 0) batch *= 2 ** pcp.allocFactor;
      if (pcp.highMin !== pcp.highMax && !pcp.belowHigh) {
        high = Math.min(high + batch, pcp.highMax);
        pcp.high = high;
      }
      if (order === 0) {
        const most = Math.max(high - pcp.count - pcp.batch, pcp.batch);
        if (batch <= most && pcp.allocFactor < 5) pcp.allocFactor++;
        batch = Math.min(batch, most);
      }
    }
    return batch > 1 ? Math.max(Math.floor(batch / 2 ** order), 2) : batch;
  }

  private clamp(pcp: SlowPcp): number {
    pcp.high = Math.min(Math.max(pcp.high, pcp.highMin), pcp.highMax);
    return pcp.high;
  }

  freePages(zone: SlowZone): number {
    let pages = 0;
    zone.free.forEach((types, order) =>
      types.forEach((pfns, type) => (pages += type === ISOLATE ? 0 : pfns.length * 2 ** order)),
    );
    return pages;
  }

  /** Frees one block that is in use. */
  free(pfn: number, order: number): void {
    for (let at = pfn; at < pfn + 2 ** order; at++) this.use[at] = 'FREE';
    const zone = this.zoneOf(pfn);
    const type = this.typeAt(pfn);
    while (order < 10) {
      const buddy = pfn ^ (2 ** order);
      const list = this.listHolding(buddy, order);
      if (list === null || this.zoneOf(buddy) !== zone) break;
      const buddyType = this.typeAt(buddy);
      if (order >= 9 && buddyType !== type && (type > 2 || buddyType > 2)) break;
      list.splice(list.indexOf(buddy), 1);
      for (let at = buddy; at < buddy + 2 ** order; at += 512) if (order >= 9) this.blockType[at >> 9] = type;
      pfn = Math.min(pfn, buddy);
      order++;
    }
    const list = zone.free[order][type];
    if (this.likelyToMerge(zone, pfn, order)) list.push(pfn);
    else list.unshift(pfn);
  }

  private likelyToMerge(zone: SlowZone, pfn: number, order: number): boolean {
    if (order >= 9) return false;
    const parent = Math.floor(pfn / 2 ** (order + 1)) * 2 ** (order + 1);
    const parentsBuddy = parent ^ (2 ** (order + 1));
    return this.listHolding(parentsBuddy, order + 1) !== null && this.zoneOf(parentsBuddy) === zone;
  }

  /** One block at the low, then at the min watermark; null when there is none. */
  allocate(request: SlowRequest): number | null {
    const zonelist = this.zonelist(request.highestZone);
    const careful = zonelist[0].type === 2 && this.oneNode;
    return (
      this.scan(zonelist, request, 'low', careful) ??
      (careful ? this.scan(zonelist, request, 'low', false) : null) ??
      this.scan(zonelist, request, 'min', false)
    );
  }

  private zonelist(highestZone: number): SlowZone[] {
    return [...this.zones]
      .filter((zone) => zone.type <= highestZone)
      .sort((one, other) => one.node - other.node || other.type - one.type);
  }

  private scan(zonelist: SlowZone[], request: SlowRequest, mark: 'low' | 'min', careful: boolean): number | null {
    for (const zone of zonelist) {
      const pcp = this.pcps.at(this.zones.indexOf(zone));
      let passed = false;
      if (this.tunesPcp && pcp !== undefined && !pcp.belowHigh) {
        passed = this.isAbove(zone, request, 'high');
        pcp.belowHigh = !passed;
      }
      if (!passed && !this.isAbove(zone, request, mark)) continue;
      const pfn = this.takeCached(zone, request.order, request.type, careful);
      if (pfn !== null) return pfn;
    }
    return null;
  }

  private isAbove(zone: SlowZone, { order, highestZone }: SlowRequest, mark: 'low' | 'min' | 'high'): boolean {
    const free = this.freePages(zone) - (2 ** order - 1);
    if (free <= zone[mark] + zone.boost + zone.reserve[highestZone]) return false;
    if (order === 0) return true;
    return zone.free.some((types, at) => at >= order && types.some((pfns, of) => of <= 2 && pfns.length > 0));
  }

  private takeOwn(zone: SlowZone, order: number, type: number): number | null {
    for (let at = order; at <= 10; at++)
      if (zone.free[at][type].length > 0) return this.takeHead(zone, at, type, order, type);
    return null;
  }

  /** Takes the head of a list and splits it; the remainders go to the lists of `restType`. */
  private takeHead(zone: SlowZone, from: number, fromType: number, order: number, restType: number): number {
    const pfn = zone.free[from][fromType].shift()!;
    for (let at = from; at > order;) zone.free[--at][restType].unshift(pfn + 2 ** at);
    for (let at = pfn; at < pfn + 2 ** order; at++) this.use[at] = 'HELD';
    return pfn;
  }

  private takeForeign(zone: SlowZone, order: number, type: number, careful: boolean): number | null {
    const smallest = careful && order < 9 ? 9 : order;
    const donorAt = (at: number): number | undefined =>
      FALLBACKS[type].find((donor) => zone.free[at][donor].length > 0);
    const mayClaim = (at: number): boolean => at >= 4 || type !== MOVABLE;
    for (let at = 10; at >= smallest; at--) {
      const donor = donorAt(at);
      if (donor === undefined) continue;
      if (mayClaim(at)) {
        const claimed = this.claim(zone, at, donor, order, type);
        if (claimed !== null) return claimed;
        if (!this.claimThenSteal) return this.takeHead(zone, at, donor, order, donor);
      } else if (!this.claimThenSteal) {
        const least = [order, order + 1, order + 2, order + 3].find((small) => donorAt(small) !== undefined)!;
        this.boost(zone);
        return this.takeHead(zone, least, donorAt(least)!, order, donorAt(least)!);
      } else {
        break;
      }
    }
    if (!this.claimThenSteal || careful) return null;
    for (let at = order; at <= 10; at++) {
      const donor = donorAt(at);
      if (donor !== undefined) return this.takeHead(zone, at, donor, order, donor);
    }
    return null;
  }

  private claim(zone: SlowZone, from: number, donor: number, order: number, type: number): number | null {
    const head = zone.free[from][donor][0];
    if (from >= 9) {
      for (let pfn = head; pfn < head + 2 ** from; pfn += 512) this.blockType[pfn >> 9] = type;
      return this.takeHead(zone, from, donor, order, type);
    }
    this.boost(zone);
    const start = Math.floor(head / 512) * 512;
    if (start < zone.start || start + 512 > zone.end) return null;
    const frames = this.use.slice(start, start + 512);
    const free = frames.filter((use) => use === 'FREE').length;
    const movable = frames.filter((use) => this.isMovable(use)).length;
    const alike = type === MOVABLE ? movable : donor === MOVABLE ? 512 - free - movable : 0;
    if (free + alike < 256) return null;
    const inside: [number, number][] = [];
    zone.free.forEach((types, at) => types.forEach((pfns) => pfns.forEach((pfn) => inside.push([pfn, at]))));
    inside.sort(([one], [other]) => one - other);
    for (const [pfn, at] of inside) {
      if (pfn < start || pfn >= start + 512) continue;
      const list = zone.free[at][donor];
      list.splice(list.indexOf(pfn), 1);
      zone.free[at][type].push(pfn);
    }
    this.blockType[start >> 9] = type;
    return this.takeOwn(zone, order, type);
  }

  private boost(zone: SlowZone): void {
    const cap = Math.floor(zone.high * 1.5);
    if (zone.managed < 2048 || cap === 0) return;
    zone.boost = Math.min(zone.boost + 512, Math.max(512, cap));
  }

  zoneOf(pfn: number): SlowZone {
    return this.zones.find((zone) => pfn >= zone.start && pfn < zone.end) ?? this.zones[0];
  }

  private typeAt(pfn: number): number {
    return this.blockType[pfn >> 9];
  }

  private listHolding(pfn: number, order: number): number[] | null {
    for (const zone of this.zones) for (const list of zone.free[order]) if (list.includes(pfn)) return list;
    return null;
  }
}

/** Before 6.11 there is one list for blocks of order 9; the releases here with two are those that tune their lists. */
function listIndex(order: number, type: number, twoHugeLists: boolean): number {
  if (order === 9) return type === MOVABLE && twoHugeLists ? 13 : 12;
  return order * 3 + type;
}
