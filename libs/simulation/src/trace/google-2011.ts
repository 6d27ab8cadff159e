/**
 * Tables in the style of the Google cluster data of 2011: `vm,tick,cpu_pct,mem_pct`, a tick being five minutes and the memory
 * column the share in use (RSS and page cache of the tasks) of a size that the table does not tell: it is taken to be 4 GiB, a guess.
 * Tasks may use more than they asked for: a VM with more than 100 % is as large as its largest value. Only ratios mean something
 * until somebody says how large the VMs were.
 */
import { GIB } from '#units';
import { readTable } from './csv-table.js';
import { excerpt, parseAmount, type FormatReader } from './trace-reading.js';

const HEADER = 'vm,tick,cpu_pct,mem_pct';
const STEP_MS = 300_000;
const VM_BYTES = 4 * GIB;

export const readGoogle: FormatReader = (files, sink, problems) => {
  for (const [fileAt, file] of files.entries()) {
    readTable(file, problems, (header) => {
      if (header.join(',').toLowerCase() !== HEADER) return `expected the header ${HEADER}`;
      return (cells) => {
        const [vm = '', tick = '', cpu = '', memory = ''] = cells;
        if (cells.length !== 4) return `expected 4 cells, ${HEADER}, got ${cells.length}`;
        if (vm === '') return 'vm must not be empty';
        const at = parseAmount(tick);
        if (!Number.isSafeInteger(at)) return `tick must be a whole number from 0, got "${excerpt(tick)}"`;
        const cpuPercent = parseAmount(cpu);
        if (Number.isNaN(cpuPercent)) return `cpu_pct must be a number from 0, got "${excerpt(cpu)}"`;
        const percent = parseAmount(memory);
        if (Number.isNaN(percent)) return `mem_pct must be a number from 0, got "${excerpt(memory)}"`;
        const bytes = Math.round((percent / 100) * VM_BYTES);
        const row = {
          timeMs: at * STEP_MS,
          bytes,
          assignedBytes: Math.max(VM_BYTES, bytes),
          cpuRatio: cpuPercent / 100,
        };
        return sink.add(vm, row, fileAt) ? null : `tick must be after the row before of VM ${vm}, got ${at}`;
      };
    });
  }
};
