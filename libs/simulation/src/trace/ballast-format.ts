/**
 * The project's own format: `vm,timeMs,bytes`, a header and a row for each VM and moment, VMs in any order, the times of each
 * VM rising. It says nothing about the size of the VMs: that is taken to be the largest value, in whole MiB.
 */
import { MIB } from '#units';
import { textLines } from './text-lines.js';
import { SeriesBuilder, parseAmount, type ProblemList, type TraceFile } from './trace-reading.js';

const HEADER = 'vm,timeMs,bytes';
const MOST_NAME_CHARACTERS = 200;

/** Adds the VMs of one file to `builders`; what is wrong goes to `problems`. */
export function readBallastFile(file: TraceFile, builders: Map<string, SeriesBuilder>, problems: ProblemList): void {
  let header = false;
  for (const { number, text } of textLines(file.chunks)) {
    if (problems.isFull) return;
    if (!header) {
      if (text?.replaceAll(' ', '') !== HEADER) {
        problems.add(file.name, number, `expected the header ${HEADER}`);
        return;
      }
      header = true;
      continue;
    }
    const problem = addRow(builders, text);
    if (problem !== null) problems.add(file.name, number, problem);
  }
  if (!header) problems.add(file.name, 0, 'the file is empty');
  else if (builders.size === 0) problems.add(file.name, 0, 'the file has a header and no rows');
}

/** Null, or what is wrong with the row. */
function addRow(builders: Map<string, SeriesBuilder>, text: string | null): string | null {
  const cells = text === null ? [] : text.split(',').map((cell) => cell.trim());
  const [vm, time, size] = cells;
  if (cells.length !== 3 || vm === undefined || time === undefined || size === undefined) {
    return `expected 3 cells, ${HEADER}, got ${cells.length}`;
  }
  if (vm === '' || vm.length > MOST_NAME_CHARACTERS) return `vm must have 1 to ${MOST_NAME_CHARACTERS} characters`;
  const timeMs = parseAmount(time);
  if (!Number.isSafeInteger(timeMs)) return `timeMs must be a whole number from 0, got "${time.slice(0, 40)}"`;
  const bytes = parseAmount(size);
  if (!Number.isSafeInteger(bytes)) return `bytes must be a whole number from 0, got "${size.slice(0, 40)}"`;
  let builder = builders.get(vm);
  if (builder === undefined) builders.set(vm, (builder = new SeriesBuilder(vm)));
  if (timeMs <= builder.lastMs) return `timeMs must be after the row before of VM ${vm}, got ${timeMs}`;
  builder.assignedBytes = Math.max(builder.assignedBytes, Math.ceil(bytes / MIB) * MIB);
  builder.add(timeMs, bytes);
  return null;
}
