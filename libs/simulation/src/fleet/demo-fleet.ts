/**
 * The fleet that a first start shows: 2 hosts, and a guest for each of the 24 sample traces (data/README.md). Sizes are the
 * traces' provisioned memory in whole MiB. The hosts have less memory than their guests are promised; balloons make up for it.
 * Whoever seeds it creates the hosts, imports the trace, creates the guests and sets their balloons' first targets.
 */
import type { TraceFormat, WorkloadSpec } from '#contracts';
import { GIB, MIB } from '#units';

export interface DemoHost {
  readonly name: string;
  readonly capacityBytes: number;
  readonly reservedBytes: number;
}

export interface DemoGuest {
  readonly name: string;
  readonly hostName: string;
  readonly assignedBytes: number;
  readonly minBytes: number;
  /** TRACE without its trace's id, which only the seeder knows. */
  readonly workload: Omit<Extract<WorkloadSpec, { kind: 'TRACE' }>, 'traceId'>;
  readonly seed: number;
  /** Size of the balloon to ask for once the guest runs; 0: none. */
  readonly balloonTargetBytes: number;
}

export interface DemoFleet {
  readonly hosts: readonly DemoHost[];
  readonly trace: {
    readonly name: string;
    readonly format: TraceFormat;
    /** From the project's root. */
    readonly files: readonly string[];
  };
  readonly guests: readonly DemoGuest[];
}

const HOST_NAMES = ['alder', 'birch'] as const;
/** 192 GiB for 247 GiB of guests: overcommitted 1.29 times. */
const HOST_CAPACITY_BYTES = 96 * GIB;
const HOST_RESERVED_BYTES = 4 * GIB;
const TRACE_FOLDER = 'data/traces/gwa-t-12-rnd-2013-7';
/** Share of RAM in the balloon at first, unless the table says that the guest works on most of its memory. */
const BALLOON_RATIO = 0.42;
const LEAST_RATIO = 0.25;

/** VM of the trace, provisioned MiB, and the balloon's share of it where it is not BALLOON_RATIO. */
const VMS: readonly (readonly [vm: number, assignedMib: number, balloonRatio?: number])[] = [
  [1, 8192, 0],
  [6, 2046, 0.2],
  [19, 2166],
  [61, 31847],
  [83, 8074, 0.1],
  [104, 16312],
  [106, 16312],
  [113, 5456],
  [122, 16312],
  [127, 16312],
  [192, 3963],
  [193, 15960, 0],
  [197, 15962, 0],
  [292, 12234],
  [310, 16362],
  [311, 20480],
  [332, 8160],
  [379, 3838],
  [381, 4078],
  [383, 4080, 0],
  [384, 16384, 0.2],
  [418, 3360],
  [485, 1304],
  [495, 4052],
];

export function demoFleet(): DemoFleet {
  const promised = new Map<string, number>(HOST_NAMES.map((name) => [name, 0]));
  const leastPromised = (): string =>
    HOST_NAMES.reduce<string>(
      (best, name) => ((promised.get(name) ?? 0) < (promised.get(best) ?? 0) ? name : best),
      HOST_NAMES[0],
    );
  return {
    hosts: HOST_NAMES.map((name) => ({
      name,
      capacityBytes: HOST_CAPACITY_BYTES,
      reservedBytes: HOST_RESERVED_BYTES,
    })),
    trace: {
      name: 'bitbrains-rnd-2013-7',
      format: 'GWA_T_12',
      files: VMS.map(([vm]) => `${TRACE_FOLDER}/${vm}.csv`),
    },
    guests: VMS.map(([vm, assignedMib, balloonRatio = BALLOON_RATIO]) => {
      const hostName = leastPromised();
      promised.set(hostName, (promised.get(hostName) ?? 0) + assignedMib);
      return {
        name: `bitbrains-${vm}`,
        hostName,
        assignedBytes: assignedMib * MIB,
        minBytes: Math.floor(assignedMib * LEAST_RATIO) * MIB,
        workload: { kind: 'TRACE', vm: String(vm), offsetMs: 0 },
        seed: vm,
        balloonTargetBytes: Math.floor(assignedMib * balloonRatio) * MIB,
      };
    }),
  };
}
