/** Which guests are made of a trace, and how their series are used. */
import type { TraceFormat } from '#contracts';

/** Which VMs of a trace become guests: the first ones; one of each stratum of mean use over size; drawn with replacement. */
export const SAMPLINGS = ['ORDER', 'STRATIFIED', 'RESAMPLE'] as const;
/** When they peak: as recorded; each series turned by a time drawn from the seed; all at the same moment. */
export const PEAKS = ['AS_RECORDED', 'SHIFTED', 'ALIGNED'] as const;

export interface TraceSource {
  readonly kind: 'traces';
  readonly format: TraceFormat;
  /** A file, or a folder of CSV files. */
  readonly path: string;
  readonly sampling: (typeof SAMPLINGS)[number];
  readonly peaks: (typeof PEAKS)[number];
  /** Factor on the memory column; sizes stay. */
  readonly scale: number;
}
