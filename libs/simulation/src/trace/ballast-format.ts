/**
 * The project's own format: a header and a row for each VM and moment, VMs in any order, the times of each VM rising.
 *
 *   vm,timeMs,bytes[,assignedBytes]     `time` instead of `timeMs` means the same, `timeSec` seconds
 *
 * `bytes` is memory in use. Without `assignedBytes` a VM's size is taken to be its largest value, in whole MiB.
 */
import { MIB } from '#units';
import { readTable, type CellReader } from './csv-table.js';
import { excerpt, parseAmount, type FormatReader, type TraceRow } from './trace-reading.js';

const HEADER = 'vm,timeMs,bytes';
const TIME_FACTORS: Readonly<Record<string, number>> = { timems: 1, time: 1, timesec: 1000 };
const MOST_NAME_CHARACTERS = 200;

/** What `ballastRows` gives rows of. */
export const BALLAST_HEADER = `${HEADER},assignedBytes`;

/** Memory of a VM at a moment. */
export interface UseAt {
  readonly timeMs: number;
  readonly bytes: number;
}

/** Rows of one VM, each with its line end. `vm` has no comma; times must rise. */
export function ballastRows(vm: string, assignedBytes: number, uses: readonly UseAt[]): string {
  return uses.map(({ timeMs, bytes }) => `${vm},${timeMs},${bytes},${assignedBytes}\n`).join('');
}

export const readBallast: FormatReader = (files, sink, problems) => {
  for (const [fileAt, file] of files.entries()) {
    readTable(file, problems, (header) => {
      const [vm, time, bytes, assigned, ...others] = header.map((title) => title.toLowerCase());
      const factor = TIME_FACTORS[time ?? ''];
      const isKnown = vm === 'vm' && bytes === 'bytes' && (assigned ?? 'assignedbytes') === 'assignedbytes';
      if (!isKnown || factor === undefined || others.length > 0) return `expected the header ${HEADER}`;
      return rowReader(header.length, factor, (name, row) => sink.add(name, row, fileAt));
    });
  }
};

function rowReader(width: number, factor: number, add: (vm: string, row: TraceRow) => boolean): CellReader {
  return (cells) => {
    const [vm, time, size, assigned] = cells;
    if (cells.length !== width || vm === undefined || time === undefined || size === undefined) {
      return `expected ${width} cells, ${HEADER}${width > 3 ? ',assignedBytes' : ''}, got ${cells.length}`;
    }
    if (vm === '' || vm.length > MOST_NAME_CHARACTERS) return `vm must have 1 to ${MOST_NAME_CHARACTERS} characters`;
    const timeMs = parseAmount(time) * factor;
    if (!Number.isSafeInteger(timeMs)) return `timeMs must be a whole number from 0, got "${excerpt(time)}"`;
    const bytes = parseAmount(size);
    if (!Number.isSafeInteger(bytes)) return `bytes must be a whole number from 0, got "${excerpt(size)}"`;
    const assignedBytes = assigned === undefined ? Math.ceil(bytes / MIB) * MIB : parseAmount(assigned);
    if (!Number.isSafeInteger(assignedBytes)) {
      return `assignedBytes must be a whole number from 0, got "${excerpt(assigned ?? '')}"`;
    }
    const taken = add(vm, { timeMs, bytes, assignedBytes });
    return taken ? null : `timeMs must be after the row before of VM ${vm}, got ${timeMs}`;
  };
}
