/** What a report is made of. */
import type { TraceSeries } from '#contracts';
import type { CellResult, ExperimentAnswer, ExperimentSpec } from '#simulation';

export interface ReportInput {
  readonly spec: ExperimentSpec;
  readonly answer: ExperimentAnswer;
  readonly results: readonly CellResult[];
  /** Of the first seed's guests; null for archetypes. */
  readonly series: readonly TraceSeries[] | null;
}
