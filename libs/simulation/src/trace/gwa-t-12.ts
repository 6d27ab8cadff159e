/**
 * Native files of GWA-T-12 (Bitbrains, Grid Workloads Archive): one VM a file, cells separated by a semicolon and a tab. The
 * header says milliseconds where the values are seconds since 1970; both are taken for what they are, by their size.
 * Rows while the VM was off have a capacity of 0; gaps and changes of capacity are part of the data.
 */
import { KIB } from '#units';
import { textLines } from './text-lines.js';
import {
  excerpt,
  parseAmount,
  type FormatReader,
  type ProblemList,
  type TraceFile,
  type TraceRow,
} from './trace-reading.js';

/** Columns that are used, by the start of their names. */
const COLUMNS = {
  time: 'timestamp',
  cpuPercent: 'cpu usage [%]',
  capacityKib: 'memory capacity provisioned',
  activeKib: 'memory usage',
  diskReadKibPerSec: 'disk read throughput',
  diskWriteKibPerSec: 'disk write throughput',
} as const;
type Column = keyof typeof COLUMNS;
const NAMES = Object.keys(COLUMNS) as Column[];

/** Times from here on are milliseconds: as seconds they would lie in the year 5138. */
const MILLISECONDS_FROM = 1e11;

/** One VM a file. */
export const readGwa: FormatReader = (files, sink, problems) => {
  for (const [fileAt, file] of files.entries()) {
    if (problems.isFull) return;
    const vm = vmName(file.name);
    if (sink.has(vm)) problems.add(file.name, 0, `VM ${vm} comes twice`);
    else readFile(file, (row) => sink.add(vm, row, fileAt), problems);
  }
};

function readFile(file: TraceFile, add: (row: TraceRow) => boolean, problems: ProblemList): void {
  let places: Record<Column, number> | null = null;
  let cells = 0;
  let rows = 0;
  for (const { number, text } of textLines(file.chunks)) {
    if (problems.isFull) return;
    const row = text === null ? [] : text.split(';');
    if (places === null) {
      places = findColumns(row);
      cells = row.length;
      if (places !== null) continue;
      const wanted = NAMES.map((name) => `"${COLUMNS[name]}"`).join(', ');
      problems.add(file.name, number, `expected the header of GWA-T-12 with columns starting ${wanted}`);
      return;
    }
    rows++;
    const problem = row.length === cells ? addRow(add, row, places) : `expected ${cells} cells, got ${row.length}`;
    if (problem !== null) problems.add(file.name, number, problem);
  }
  if (places === null) problems.add(file.name, 0, 'the file is empty');
  else if (rows === 0) problems.add(file.name, 0, 'the file has a header and no rows');
}

/** The file's name without folders and ending, packed or not. */
function vmName(fileName: string): string {
  return fileName.replace(/^.*[/\\]/, '').replace(/\.[^.]*(\.gz)?$/i, '') || fileName;
}

function findColumns(header: readonly string[]): Record<Column, number> | null {
  const titles = header.map((title) => title.trim().toLowerCase());
  const places = {} as Record<Column, number>;
  for (const name of NAMES) {
    const place = titles.findIndex((title) => title.startsWith(COLUMNS[name]));
    if (place < 0) return null;
    places[name] = place;
  }
  return places;
}

/** Null, or what is wrong with the row. */
function addRow(
  add: (row: TraceRow) => boolean,
  row: readonly string[],
  places: Record<Column, number>,
): string | null {
  const values = {} as Record<Column, number>;
  for (const name of NAMES) {
    const cell = row[places[name]] ?? '';
    const value = parseAmount(cell);
    if (Number.isNaN(value)) return `${COLUMNS[name]} must be a number from 0, got "${excerpt(cell)}"`;
    values[name] = value;
  }
  const assignedBytes = Math.round(values.capacityKib * KIB);
  const taken = add({
    timeMs: Math.round(values.time < MILLISECONDS_FROM ? values.time * 1000 : values.time),
    bytes: assignedBytes === 0 ? 0 : Math.round(values.activeKib * KIB),
    assignedBytes,
    diskReadBytesPerSec: Math.round(values.diskReadKibPerSec * KIB),
    diskWriteBytesPerSec: Math.round(values.diskWriteKibPerSec * KIB),
    cpuRatio: values.cpuPercent / 100,
  });
  return taken ? null : `time must be after the row before, got "${excerpt(row[places.time] ?? '')}"`;
}
