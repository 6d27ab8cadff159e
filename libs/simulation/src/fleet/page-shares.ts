/** A page map as shares of each cell's pages, which pictures can use as they are. */
export function toShares({ pagesPerCell, cells }: { pagesPerCell: number; cells: readonly (readonly number[])[] }): {
  pagesPerCell: number;
  cells: number[][];
} {
  return { pagesPerCell, cells: cells.map((pages) => pages.map((count) => count / pagesPerCell)) };
}
