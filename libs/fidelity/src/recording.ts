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

type Fields = Readonly<Record<string, unknown>>;

/** Throws RangeError that names the field that is missing or of another kind. Fields that nothing is known of are ignored. */
export function parseRecording(json: unknown, name: string): Recording {
  const file = objectAt(json, 'the file');
  for (const field of ['kernel', 'cmdline'] as const) textAt(file[field], field);
  if (!/^\d+\.\d+/.test(String(file['kernel']))) throw new RangeError('kernel must be a release such as 6.12.117');
  for (const field of ['ram_mib', 'smp'] as const) numberAt(file[field], field);
  const boot = objectAt(file['boot'], 'boot');
  objectAt(boot['info'], 'boot.info');
  objectAt(boot['snapshot_before_modules'], 'boot.snapshot_before_modules');
  checkSnapshot(objectAt(boot['snapshot'], 'boot.snapshot'), 'boot.snapshot');
  checkPageMap(boot);
  listAt(file['steps'], 'steps').forEach((step, index) => {
    checkStep(objectAt(step, `steps[${index}]`), `steps[${index}]`);
  });
  return { note: '', ...file, name } as unknown as Recording;
}

/** A whole map, or the classes of each pageblock. */
function checkPageMap(boot: Fields): void {
  if (boot['pagemap_rle'] !== undefined) {
    textAt(boot['pagemap_rle'], 'boot.pagemap_rle');
    return;
  }
  const { pagemap } = objectAt(boot['snapshot'], 'boot.snapshot');
  const blocks = typeof pagemap === 'object' && pagemap !== null ? (pagemap as Fields)['pageblocks'] : undefined;
  if (!Array.isArray(blocks) || blocks.length === 0) {
    throw new RangeError('boot must have a page map: pagemap_rle, or snapshot.pagemap.pageblocks');
  }
  blocks.forEach((block: unknown, index) => {
    textAt(block, `boot.snapshot.pagemap.pageblocks[${index}]`);
  });
}

function checkStep(step: Fields, at: string): void {
  textAt(step['op'], `${at}.op`);
  objectAt(step['args'], `${at}.args`);
  numberAt(step['wall_ms'], `${at}.wall_ms`);
  if (String(step['op']).startsWith('balloon')) {
    numberAt(step['target'], `${at}.target`);
    if (step['reached_ms'] != null) numberAt(step['reached_ms'], `${at}.reached_ms`);
  }
  for (const field of ['before', 'after'] as const) {
    if (step[field] != null) checkSnapshot(objectAt(step[field], `${at}.${field}`), `${at}.${field}`);
  }
}

function checkSnapshot(snapshot: Fields, at: string): void {
  for (const field of ['vmstat', 'meminfo'] as const) {
    const counts = objectAt(snapshot[field], `${at}.${field}`);
    for (const [counter, value] of Object.entries(counts)) numberAt(value, `${at}.${field}.${counter}`);
  }
  for (const [zone, counts] of Object.entries(objectAt(snapshot['buddyinfo'], `${at}.buddyinfo`))) {
    listAt(counts, `${at}.buddyinfo.${zone}`);
  }
  for (const [zone, fields] of Object.entries(objectAt(snapshot['zoneinfo'], `${at}.zoneinfo`))) {
    checkZone(objectAt(fields, `${at}.zoneinfo.${zone}`), `${at}.zoneinfo.${zone}`);
  }
  for (const field of ['qmp_actual', 'uptime_s'] as const) numberAt(snapshot[field], `${at}.${field}`);
}

const ZONE_NUMBERS = ['free', 'min', 'low', 'high', 'boost', 'spanned', 'present', 'managed'] as const;

function checkZone(zone: Fields, at: string): void {
  for (const field of ZONE_NUMBERS) numberAt(zone[field], `${at}.${field}`);
  listAt(zone['protection'], `${at}.protection`);
  listAt(zone['pagesets'], `${at}.pagesets`).forEach((set, index) => {
    numberAt(objectAt(set, `${at}.pagesets[${index}]`)['count'], `${at}.pagesets[${index}].count`);
  });
}

function objectAt(value: unknown, at: string): Fields {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Fields;
  throw new RangeError(`${at} must be an object`);
}

function listAt(value: unknown, at: string): readonly unknown[] {
  if (!Array.isArray(value)) throw new RangeError(`${at} must be a list`);
  return value;
}

function textAt(value: unknown, at: string): void {
  if (typeof value !== 'string') throw new RangeError(`${at} must be a text`);
}

function numberAt(value: unknown, at: string): void {
  if (typeof value !== 'number') throw new RangeError(`${at} must be a number`);
}
