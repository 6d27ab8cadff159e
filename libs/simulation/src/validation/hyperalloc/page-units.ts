/** Pages as the published figures have them. */
import { GIB, MIB, PAGE_SIZE_BYTES } from '#units';

export const MIB_PAGES = MIB / PAGE_SIZE_BYTES;
export const GIB_PAGES = GIB / PAGE_SIZE_BYTES;

export function gib(pages: number): number {
  return pages / GIB_PAGES;
}
