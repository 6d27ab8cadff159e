/** Rows of comma-separated tables whose cells hold no commas and no quotes, as all that are read here. */
import { textLines } from './text-lines.js';
import type { ProblemList, TraceFile } from './trace-reading.js';

/** Null, or what is wrong with the row. */
export type CellReader = (cells: readonly string[]) => string | null;

/**
 * Gives each row after the header to what `readerFor` makes of the header (a text says why it is none of the format's). With
 * `headless`, the first line is a row as well when `readerFor` takes it for one.
 */
export function readTable(
  file: TraceFile,
  problems: ProblemList,
  readerFor: (header: readonly string[]) => CellReader | string,
  headless: (first: readonly string[]) => boolean = () => false,
): void {
  let reader: CellReader | null = null;
  let rows = 0;
  for (const { number, text } of textLines(file.chunks)) {
    if (problems.isFull) return;
    const cells = text === null ? [] : text.split(',').map((cell) => cell.trim());
    if (reader === null) {
      const found = readerFor(cells);
      if (typeof found === 'string') {
        problems.add(file.name, number, found);
        return;
      }
      reader = found;
      if (!headless(cells)) continue;
    }
    rows++;
    const problem = reader(cells);
    if (problem !== null) problems.add(file.name, number, problem);
  }
  if (reader === null) problems.add(file.name, 0, 'the file is empty');
  else if (rows === 0) problems.add(file.name, 0, 'the file has a header and no rows');
}
