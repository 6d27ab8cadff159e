export const TRACE_FORMATS = ['GWA_T_12', 'AZURE_V2', 'GOOGLE_2011', 'BALLAST'] as const;
export type TraceFormat = (typeof TRACE_FORMATS)[number];

/** One VM of a trace as columns of equal length, ascending in time. */
export interface TraceSeries {
  readonly vm: string;
  /** Largest provisioned size over the VM's life. */
  readonly assignedBytes: number;
  /** Milliseconds since the first row of the whole trace. */
  readonly timesMs: readonly number[];
  /** The hypervisor's estimate of *active* memory; not memory in use. */
  readonly activeBytes: readonly number[];
  readonly diskReadBytesPerSec: readonly number[];
  readonly diskWriteBytesPerSec: readonly number[];
  /** CPU in use, 0 to 1 of what is provisioned. */
  readonly cpuRatio: readonly number[];
}
