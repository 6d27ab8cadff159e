export const TRACE_FORMATS = ['GWA_T_12', 'AZURE_V2', 'GOOGLE_2011', 'BALLAST'] as const;
export type TraceFormat = (typeof TRACE_FORMATS)[number];

/**
 * What the memory column of a series means. ACTIVE: a hypervisor's estimate of what was touched lately. USED: memory in use.
 * ABSENT: the trace says nothing about memory beyond the size, and the column holds zeros.
 */
export type MemoryMeaning = 'ACTIVE' | 'USED' | 'ABSENT';

export const TRACE_MEANINGS: Readonly<Record<TraceFormat, MemoryMeaning>> = {
  GWA_T_12: 'ACTIVE',
  AZURE_V2: 'ABSENT',
  GOOGLE_2011: 'USED',
  BALLAST: 'USED',
};

/** One VM of a trace as columns of equal length, ascending in time. */
export interface TraceSeries {
  readonly vm: string;
  /** Largest provisioned size over the VM's life. */
  readonly assignedBytes: number;
  /** Milliseconds since the first row of the whole trace. */
  readonly timesMs: readonly number[];
  /** ACTIVE memory unless `meaning` says otherwise. */
  readonly activeBytes: readonly number[];
  readonly diskReadBytesPerSec: readonly number[];
  readonly diskWriteBytesPerSec: readonly number[];
  /** CPU in use, 0 to 1 of what is provisioned. */
  readonly cpuRatio: readonly number[];
  /** Of `activeBytes`; left out where only the format is known (TRACE_MEANINGS). */
  readonly meaning?: MemoryMeaning;
}
