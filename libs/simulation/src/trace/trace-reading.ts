/** What reading a trace comes to. */
import type { TraceSeries } from '#contracts';

export interface TraceFile {
  /** As people know it; problems are reported under it. */
  readonly name: string;
  /** Its text in pieces of any size. An index asks for it again and again. */
  readonly chunks: Iterable<string>;
}

export interface TraceProblem {
  readonly file: string;
  /** From 1; 0 when the whole file is meant. */
  readonly line: number;
  readonly message: string;
}

export type TraceReading =
  | {
      readonly outcome: 'READ';
      readonly series: readonly TraceSeries[];
      readonly rowCount: number;
      /** VMs left out because they never had memory. */
      readonly skippedVms: readonly string[];
    }
  | { readonly outcome: 'REJECTED'; readonly problems: readonly TraceProblem[] };

/** Collects problems up to a limit, so that somebody can mend them all at once. */
export class ProblemList {
  readonly problems: TraceProblem[] = [];

  constructor(private readonly limit: number) {}

  get isFull(): boolean {
    return this.problems.length >= this.limit;
  }

  add(file: string, line: number, message: string): void {
    if (!this.isFull) this.problems.push({ file, line, message });
  }
}

/** What a trace says of a VM at one moment. */
export interface TraceRow {
  /** Since whatever the trace counts from. */
  readonly timeMs: number;
  /** Its memory column. */
  readonly bytes: number;
  /** Provisioned size; 0 while the VM is off. */
  readonly assignedBytes: number;
  readonly diskReadBytesPerSec?: number;
  readonly diskWriteBytesPerSec?: number;
  readonly cpuRatio?: number;
}

/** Takes rows as a format's reader finds them. */
export interface RowSink {
  /** Some row of the VM was taken. */
  has: (vm: string) => boolean;
  /** False when the row is not after the last one of its VM, and was not taken. `fileAt`: place of its file. */
  add: (vm: string, row: TraceRow, fileAt: number) => boolean;
}

/** Finds the rows of all files of a trace; what is wrong goes to `problems`. */
export type FormatReader = (files: readonly TraceFile[], sink: RowSink, problems: ProblemList) => void;

/** Rows of one VM as they are read; times are absolute. */
export class SeriesBuilder {
  readonly #timesMs: number[] = [];
  readonly #bytes: number[] = [];
  readonly #diskReadBytesPerSec: number[] = [];
  readonly #diskWriteBytesPerSec: number[] = [];
  readonly #cpuRatio: number[] = [];
  #assignedBytes = 0;

  constructor(readonly vm: string) {}

  /** Largest provisioned size. */
  get assignedBytes(): number {
    return this.#assignedBytes;
  }

  get rowCount(): number {
    return this.#timesMs.length;
  }

  /** Time of the first row; NaN when there is none. */
  get firstMs(): number {
    return this.#timesMs[0] ?? Number.NaN;
  }

  /** False when the row is not after the last one. */
  add(row: TraceRow): boolean {
    if (row.timeMs <= (this.#timesMs.at(-1) ?? -Infinity)) return false;
    this.#timesMs.push(row.timeMs);
    this.#bytes.push(row.bytes);
    this.#diskReadBytesPerSec.push(row.diskReadBytesPerSec ?? 0);
    this.#diskWriteBytesPerSec.push(row.diskWriteBytesPerSec ?? 0);
    this.#cpuRatio.push(row.cpuRatio ?? 0);
    this.#assignedBytes = Math.max(this.#assignedBytes, row.assignedBytes);
    return true;
  }

  /** The series with its times counted from `startMs`. */
  build(startMs: number, meaning: NonNullable<TraceSeries['meaning']>): TraceSeries {
    return {
      vm: this.vm,
      assignedBytes: this.#assignedBytes,
      timesMs: this.#timesMs.map((timeMs) => timeMs - startMs),
      activeBytes: this.#bytes,
      diskReadBytesPerSec: this.#diskReadBytesPerSec,
      diskWriteBytesPerSec: this.#diskWriteBytesPerSec,
      cpuRatio: this.#cpuRatio,
      meaning,
    };
  }
}

const NUMBER = /^\+?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;

/** A number from 0 as traces write them (12, 12., .5, 1.5E3), or NaN. */
export function parseAmount(cell: string): number {
  const text = cell.trim();
  const value = NUMBER.test(text) ? Number(text) : Number.NaN;
  return Number.isFinite(value) ? value : Number.NaN;
}

/** A cell as a problem quotes it. */
export function excerpt(cell: string): string {
  const text = cell.trim();
  return text.length > 40 ? `${text.slice(0, 40)}…` : text;
}
