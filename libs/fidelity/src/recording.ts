/**
 * A recording of a real kernel: a guest at boot, what was done to it step by step, and what it showed after each step. Sizes
 * are pages where nothing else is said. Only what the replay uses is typed; the rest of the file is ignored.
 */
export interface RecordedZone {
  readonly free: number;
  readonly min: number;
  readonly low: number;
  readonly high: number;
  readonly boost: number;
  readonly spanned: number;
  readonly present: number;
  readonly managed: number;
  readonly start_pfn: number;
  readonly protection: readonly number[];
  readonly pagesets: readonly {
    readonly cpu: number;
    readonly count: number;
    readonly high: number;
    readonly batch: number;
  }[];
}

type Counts = Readonly<Record<string, number>>;

export interface RecordedSnapshot {
  readonly vmstat: Counts;
  /** kB. */
  readonly meminfo: Counts;
  readonly buddyinfo: Readonly<Record<string, readonly number[]>>;
  readonly zoneinfo: Readonly<Record<string, RecordedZone>>;
  readonly pagetypeinfo?: {
    readonly free: Readonly<Record<string, Readonly<Record<string, readonly number[]>>>>;
    readonly blocks: Readonly<Record<string, Counts>>;
  };
  readonly unusable_index?: Readonly<Record<string, readonly number[]>>;
  readonly qmp_actual: number;
  /** kB, of the QEMU process. */
  readonly host?: Counts;
  readonly uptime_s: number;
}

export interface RecordedStep {
  readonly op: string;
  readonly args: Readonly<Record<string, unknown>>;
  readonly wall_ms: number;
  readonly result?: unknown;
  /** Bytes the host asked the guest to keep. */
  readonly target?: number;
  /** Null: the balloon did not get there. */
  readonly reached_ms?: number | null;
  /** Of a memory block or the huge page pool: 0 or −errno. */
  readonly rc?: number;
  /** Huge pages in the pool after the request. */
  readonly got?: number;
  /** Page classes of a memory block. */
  readonly block_pages_before?: Counts;
  readonly compaction_trace?: readonly string[];
  /** There when the allocator was traced. */
  readonly ktrace?: readonly unknown[];
  readonly guest_died?: boolean;
  readonly before?: RecordedSnapshot | null;
  readonly after?: RecordedSnapshot | null;
  readonly qemu_trace?: {
    readonly pfns?: {
      readonly n?: number;
      readonly ascending_pages?: number;
      readonly descending_pages?: number;
      /** The first of them, where there are many. */
      readonly runs_start_len_step?: readonly (readonly number[])[];
    };
  };
}

export interface Recording {
  readonly name: string;
  readonly kernel: string;
  readonly cmdline: string;
  readonly ram_mib: number;
  readonly smp: number;
  readonly note: string;
  readonly boot: {
    readonly info: Readonly<Record<string, string>>;
    readonly snapshot_before_modules: RecordedSnapshot;
    readonly snapshot: RecordedSnapshot;
    readonly pagemap_rle?: string;
  };
  readonly steps: readonly RecordedStep[];
}

/** Throws RangeError that names what is missing. */
export function parseRecording(json: unknown, name: string): Recording {
  const file = objectAt(json, name);
  for (const field of ['kernel', 'cmdline'] as const) {
    if (typeof file[field] !== 'string') throw new RangeError(`${name}: ${field} must be a text`);
  }
  for (const field of ['ram_mib', 'smp'] as const) {
    if (typeof file[field] !== 'number') throw new RangeError(`${name}: ${field} must be a number`);
  }
  const boot = objectAt(file['boot'], `${name}: boot`);
  for (const field of ['info', 'snapshot', 'snapshot_before_modules'] as const)
    objectAt(boot[field], `${name}: boot.${field}`);
  checkSnapshot(objectAt(boot['snapshot'], 'boot.snapshot'), `${name}: boot.snapshot`);
  const steps = file['steps'];
  if (!Array.isArray(steps)) throw new RangeError(`${name}: steps must be a list`);
  steps.forEach((step: unknown, index) => {
    const at = `${name}: steps[${index}]`;
    const fields = objectAt(step, at);
    if (typeof fields['op'] !== 'string') throw new RangeError(`${at}.op must be a text`);
    if (fields['after'] != null) checkSnapshot(objectAt(fields['after'], `${at}.after`), `${at}.after`);
  });
  return { ...file, name } as unknown as Recording;
}

function checkSnapshot(snapshot: Readonly<Record<string, unknown>>, at: string): void {
  for (const field of ['vmstat', 'meminfo', 'buddyinfo', 'zoneinfo'] as const)
    objectAt(snapshot[field], `${at}.${field}`);
  for (const field of ['qmp_actual', 'uptime_s'] as const) {
    if (typeof snapshot[field] !== 'number') throw new RangeError(`${at}.${field} must be a number`);
  }
}

function objectAt(value: unknown, at: string): Readonly<Record<string, unknown>> {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  throw new RangeError(`${at} must be an object`);
}
