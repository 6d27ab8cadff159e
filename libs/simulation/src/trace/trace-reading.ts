/** What reading a trace comes to. */
import type { TraceSeries } from '#contracts';

export interface TraceFile {
  /** As people know it; problems are reported under it. */
  readonly name: string;
  /** Its text in pieces of any size. */
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

/** Rows of one VM as they are read; times are absolute. */
export class SeriesBuilder {
  readonly #timesMs: number[] = [];
  readonly #activeBytes: number[] = [];
  readonly #diskReadBytesPerSec: number[] = [];
  readonly #diskWriteBytesPerSec: number[] = [];
  readonly #cpuRatio: number[] = [];
  /** Largest provisioned size. */
  assignedBytes = 0;

  constructor(readonly vm: string) {}

  get rowCount(): number {
    return this.#timesMs.length;
  }

  /** Time of the first and of the last row; NaN when there is none. */
  get firstMs(): number {
    return this.#timesMs[0] ?? Number.NaN;
  }

  get lastMs(): number {
    return this.#timesMs.at(-1) ?? Number.NaN;
  }

  add(timeMs: number, activeBytes: number, diskReadPerSec = 0, diskWritePerSec = 0, cpuRatio = 0): void {
    this.#timesMs.push(timeMs);
    this.#activeBytes.push(activeBytes);
    this.#diskReadBytesPerSec.push(diskReadPerSec);
    this.#diskWriteBytesPerSec.push(diskWritePerSec);
    this.#cpuRatio.push(cpuRatio);
  }

  /** The series with its times counted from `startMs`. */
  build(startMs: number): TraceSeries {
    return {
      vm: this.vm,
      assignedBytes: this.assignedBytes,
      timesMs: this.#timesMs.map((timeMs) => timeMs - startMs),
      activeBytes: this.#activeBytes,
      diskReadBytesPerSec: this.#diskReadBytesPerSec,
      diskWriteBytesPerSec: this.#diskWriteBytesPerSec,
      cpuRatio: this.#cpuRatio,
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
