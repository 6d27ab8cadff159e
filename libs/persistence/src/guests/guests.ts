import type { GuestState } from '#contracts';
import type { Database } from '../database.js';
import type { Prisma } from '../generated/client.js';
import { distinctIds } from '../paging/ids.js';
import type { CountedPage, Page, PageRequest } from '../paging/page.js';
import {
  createGuests,
  placeGuests,
  type Admit,
  type GuestDraft,
  type Place,
  type PlacedGuest,
} from './create-guests.js';
import { deleteGuest, updateGuest, type GuestChange } from './change-guest.js';
import { toDetail, toGuest, toLatest, type GuestRecord, type LatestDetail, type LatestSample } from './guest.mapper.js';
import { firstPagesByHost, listGuests, type GuestFilter, type GuestOrder } from './list-guests.js';

/** Questions about guests. Deleted ones are found by id, and listed only when their state is asked for. */
export class Guests {
  constructor(private readonly database: Database) {}

  async find(ids: readonly string[]): Promise<GuestRecord[]> {
    const rows = await this.database.prisma.guest.findMany({ where: { id: { in: distinctIds(ids) } } });
    return rows.map(toGuest);
  }

  list(filter: GuestFilter, order: GuestOrder, request: PageRequest): Promise<CountedPage<GuestRecord>> {
    return listGuests(this.database, filter, order, request);
  }

  /** The first page of every host's guests that are not deleted, in the order of their creation. */
  async firstPages(hostIds: readonly string[], first: number): Promise<Map<string, Page<GuestRecord>>> {
    return firstPagesByHost(this.database, hostIds, first);
  }

  /** Guests of each host that are not deleted. */
  async countByHost(hostIds: readonly string[]): Promise<Map<string, number>> {
    const rows = await this.database.prisma.guest.groupBy({
      by: ['hostId'],
      where: { hostId: { in: distinctIds(hostIds) }, state: { not: 'DELETED' satisfies GuestState } },
      _count: true,
    });
    return new Map(rows.map((row) => [row.hostId, row._count]));
  }

  async latest(ids: readonly string[]): Promise<LatestSample[]> {
    return this.#samples({ guestId: { in: distinctIds(ids) } });
  }

  /** The newest samples of guests that were sampled at `tick` or after. */
  async latestSince(tick: number): Promise<LatestSample[]> {
    return this.#samples({ tick: { gte: tick } });
  }

  async latestDetail(ids: readonly string[]): Promise<LatestDetail[]> {
    const rows = await this.database.prisma.guestLatest.findMany({
      where: { guestId: { in: distinctIds(ids) } },
      select: { guestId: true, zones: true, vmstat: true },
    });
    return rows.map(toDetail);
  }

  /** All or none. `admit` may refuse by throwing. Throws DomainError NOT_FOUND or CONFLICT. */
  create(hostId: string, drafts: readonly GuestDraft[], admit: Admit): Promise<GuestRecord[]> {
    return createGuests(this.database, hostId, drafts, admit);
  }

  /** All or none, each on the host that `place` chooses; it may refuse by throwing. */
  place(drafts: readonly GuestDraft[], place: Place): Promise<PlacedGuest[]> {
    return placeGuests(this.database, drafts, place);
  }

  /** `admit` is asked when the floor rises. Throws DomainError NOT_FOUND, CONFLICT or BAD_INPUT. */
  update(id: string, change: GuestChange, admit: Admit): Promise<GuestRecord> {
    return updateGuest(this.database, id, change, admit);
  }

  /** Throws DomainError NOT_FOUND when it does not exist or is deleted already. */
  delete(id: string): Promise<void> {
    return deleteGuest(this.database, id);
  }

  async #samples(where: Prisma.GuestLatestWhereInput): Promise<LatestSample[]> {
    const omit = { zones: true, vmstat: true, stateDigest: true } as const;
    const rows = await this.database.prisma.guestLatest.findMany({ where, omit });
    return rows.map(toLatest);
  }
}
