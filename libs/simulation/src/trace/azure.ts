/**
 * AzurePublicDataset V1 and V2: a `vmtable` (11 columns: vm, subscription, deployment, created, deleted, largest, mean and 95th
 * percentile of CPU, category, cores, memory in GB) and, in files beside it, CPU readings (5 columns: time, vm, least, largest and
 * mean CPU). The publisher's files have no header; times are seconds. In V2 cores and memory are buckets, and `>64` is taken
 * for 64. There is nothing about memory in use. A VM without readings has its mean CPU from creation to deletion; readings of
 * VMs that no table names are left out.
 */
import { GIB } from '#units';
import { readTable, type CellReader } from './csv-table.js';
import { textLines } from './text-lines.js';
import {
  excerpt,
  parseAmount,
  type FormatReader,
  type ProblemList,
  type RowSink,
  type TraceFile,
} from './trace-reading.js';

const TABLE_CELLS = 11;
const READING_CELLS = 5;

interface TableVm {
  readonly assignedBytes: number;
  readonly createdMs: number;
  readonly deletedMs: number;
  readonly cpuRatio: number;
  readonly fileAt: number;
}

export const readAzure: FormatReader = (files, sink, problems) => {
  const vms = new Map<string, TableVm>();
  const widths = files.map(firstWidth);
  for (const [fileAt, file] of files.entries()) {
    if (widths[fileAt] !== READING_CELLS) readVmTable(file, fileAt, vms, problems);
  }
  for (const [fileAt, file] of files.entries()) {
    if (widths[fileAt] === READING_CELLS) readReadings(file, fileAt, vms, sink, problems);
  }
  for (const [vm, { assignedBytes, createdMs, deletedMs, cpuRatio, fileAt }] of vms) {
    if (sink.has(vm)) continue;
    sink.add(vm, { timeMs: createdMs, bytes: 0, assignedBytes, cpuRatio }, fileAt);
    sink.add(vm, { timeMs: deletedMs, bytes: 0, assignedBytes, cpuRatio }, fileAt);
  }
};

function firstWidth(file: TraceFile): number {
  for (const { text } of textLines(file.chunks)) return text?.split(',').length ?? 0;
  return 0;
}

function isRow(timeAt: number): (first: readonly string[]) => boolean {
  return (first) => !Number.isNaN(parseAmount(first[timeAt] ?? ''));
}

function readVmTable(file: TraceFile, fileAt: number, vms: Map<string, TableVm>, problems: ProblemList): void {
  const reader: CellReader = (cells) => {
    if (cells.length !== TABLE_CELLS) return `expected ${TABLE_CELLS} cells of a vmtable, got ${cells.length}`;
    const vm = cells[0] ?? '';
    if (vm === '') return 'the vm must not be empty';
    if (vms.has(vm)) return `VM ${excerpt(vm)} comes twice`;
    const [createdMs, deletedMs, meanPercent, gib] = [
      amount(cells[3]) * 1000,
      amount(cells[4]) * 1000,
      amount(cells[6]),
      amount(cells[10]?.replace(/^>/, '')),
    ] as const;
    if (Number.isNaN(createdMs)) return `created must be a number of seconds from 0, got "${excerpt(cells[3] ?? '')}"`;
    if (!(deletedMs >= createdMs))
      return `deleted must be seconds, not before created, got "${excerpt(cells[4] ?? '')}"`;
    if (Number.isNaN(meanPercent)) return `mean CPU must be a number from 0, got "${excerpt(cells[6] ?? '')}"`;
    if (Number.isNaN(gib)) return `memory must be a number of GB, or > and a number, got "${excerpt(cells[10] ?? '')}"`;
    vms.set(vm, { assignedBytes: Math.round(gib * GIB), createdMs, deletedMs, cpuRatio: meanPercent / 100, fileAt });
    return null;
  };
  const expected = `expected a vmtable of ${TABLE_CELLS} columns or CPU readings of ${READING_CELLS}`;
  readTable(file, problems, (first) => (first.length === TABLE_CELLS ? reader : expected), isRow(3));
}

function readReadings(
  file: TraceFile,
  fileAt: number,
  vms: ReadonlyMap<string, TableVm>,
  sink: RowSink,
  problems: ProblemList,
): void {
  const reader: CellReader = (cells) => {
    if (cells.length !== READING_CELLS) return `expected ${READING_CELLS} cells of a CPU reading, got ${cells.length}`;
    const vm = cells[1] ?? '';
    const timeMs = amount(cells[0]) * 1000;
    const percent = amount(cells[4]);
    if (Number.isNaN(timeMs)) return `time must be a number of seconds from 0, got "${excerpt(cells[0] ?? '')}"`;
    if (Number.isNaN(percent)) return `mean CPU must be a number from 0, got "${excerpt(cells[4] ?? '')}"`;
    const row = { timeMs, bytes: 0, assignedBytes: vms.get(vm)?.assignedBytes ?? 0, cpuRatio: percent / 100 };
    return sink.add(vm, row, fileAt)
      ? null
      : `time must be after the reading before of VM ${excerpt(vm)}, got ${cells[0] ?? ''}`;
  };
  readTable(file, problems, () => reader, isRow(0));
}

function amount(cell: string | undefined): number {
  return parseAmount(cell ?? '');
}
