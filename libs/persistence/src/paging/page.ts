/** Pages of a list by keyset: a cursor holds the sort key of its row, so rows that come and go shift nothing. */
import { DomainError } from '#contracts';
import { isId } from './ids.js';

export interface PageRequest {
  /** At most so many rows. */
  readonly first: number;
  /** Cursor of the row before the page; null: from the start. */
  readonly after: string | null;
}

export interface Page<Item> {
  readonly edges: readonly { readonly cursor: string; readonly node: Item }[];
  readonly hasNextPage: boolean;
  readonly hasPreviousPage: boolean;
}

/** A page of a list that can be counted. */
export interface CountedPage<Item> extends Page<Item> {
  /** Rows of the whole list. */
  readonly count: () => Promise<number>;
}

type Key = string | number;

/** `list` keeps a cursor from being used on a list with another order. */
export function encodeCursor(list: string, key: readonly Key[]): string {
  return Buffer.from(JSON.stringify([list, ...key])).toString('base64url');
}

/** The sort key in a cursor, or null without one. Throws DomainError BAD_INPUT when it is not from this list. */
export function decodeCursor(list: string, after: string | null): readonly Key[] | null {
  if (after === null) return null;
  const [from, ...key] = parse(after);
  const id = key.at(-1);
  if (from !== list || typeof id !== 'string' || !isId(id)) {
    throw new DomainError('BAD_INPUT', 'after must be a cursor that this list gave, in this order', 'after');
  }
  return key;
}

/** The id in a cursor of a list that is ordered by id alone. */
export function decodeIdCursor(list: string, after: string | null): string | null {
  const key = decodeCursor(list, after);
  return key === null ? null : String(key[0]);
}

/** `rows` holds one more than asked for when there is a next page. */
export function toPage<Item>(
  rows: readonly Item[],
  request: PageRequest,
  cursorOf: (item: Item) => string,
): Page<Item> {
  return {
    edges: rows.slice(0, request.first).map((node) => ({ cursor: cursorOf(node), node })),
    hasNextPage: rows.length > request.first,
    hasPreviousPage: request.after !== null,
  };
}

/** The first pages of many lists of one kind, from the rows of all of them. */
export function pagesByParent<Item>(
  rows: readonly Item[],
  first: number,
  parentOf: (item: Item) => string,
  cursorOf: (item: Item) => string,
): Map<string, Page<Item>> {
  const lists = new Map<string, Item[]>();
  for (const row of rows) {
    const parent = parentOf(row);
    const list = lists.get(parent);
    if (list === undefined) lists.set(parent, [row]);
    else list.push(row);
  }
  return new Map([...lists].map(([parent, list]) => [parent, toPage(list, { first, after: null }, cursorOf)]));
}

function parse(after: string): Key[] {
  try {
    const parsed: unknown = JSON.parse(Buffer.from(after, 'base64url').toString());
    return Array.isArray(parsed) ? (parsed as Key[]) : [];
  } catch {
    return [];
  }
}
