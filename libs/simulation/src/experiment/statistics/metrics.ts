/** What each figure of a cell is, and how its interval is drawn. */
import type { CellMetrics } from '../model/cell.js';

export interface MetricDescription {
  /**
   * GUESTS: from the guests' days, so that its interval knows how guests and days differ. COUNT: rare events of a run. RUN: one
   * figure of a run.
   */
  readonly kind: 'GUESTS' | 'COUNT' | 'RUN';
  readonly unit: 'ratio' | 'bytes' | 'ms' | 'count';
  readonly label: string;
}

export const METRICS: Readonly<Record<keyof CellMetrics, MetricDescription>> = {
  violatedWindowsRatio: { kind: 'GUESTS', unit: 'ratio', label: 'windows below the objective' },
  worstGuestViolatedRatio: { kind: 'GUESTS', unit: 'ratio', label: 'the same of the worst guest' },
  policyViolatedWindowsRatio: { kind: 'GUESTS', unit: 'ratio', label: 'windows below it because of the policy' },
  worstGuestPolicyViolatedRatio: { kind: 'GUESTS', unit: 'ratio', label: 'these of the worst guest' },
  usefulTimeRatio: { kind: 'GUESTS', unit: 'ratio', label: 'useful time' },
  hostOomKills: { kind: 'COUNT', unit: 'count', label: 'guests killed by hosts' },
  guestOomKills: { kind: 'COUNT', unit: 'count', label: 'programs killed in guests' },
  policyOomKills: { kind: 'COUNT', unit: 'count', label: 'of these, because of the policy' },
  hostSwapInBytes: { kind: 'RUN', unit: 'bytes', label: 'read from host swap' },
  hostSwapOutBytes: { kind: 'RUN', unit: 'bytes', label: 'written to host swap' },
  majorFaults: { kind: 'RUN', unit: 'count', label: 'major faults in guests' },
  pressureSomeP99: { kind: 'RUN', unit: 'ratio', label: "guests' memory pressure, some, 99th percentile" },
  pressureFullP99: { kind: 'RUN', unit: 'ratio', label: "guests' memory pressure, full, 99th percentile" },
  hostPressureSomeP99: { kind: 'RUN', unit: 'ratio', label: 'waits for host memory, 99th percentile' },
  balloonMovedBytes: { kind: 'RUN', unit: 'bytes', label: 'moved by balloons' },
  balloonLagMsP99: { kind: 'RUN', unit: 'ms', label: 'balloons behind their targets, 99th percentile' },
  unusableIndex9Mean: { kind: 'RUN', unit: 'ratio', label: 'free memory of no use to a huge page' },
  thpFaultAllocRatio: { kind: 'RUN', unit: 'ratio', label: 'huge-page faults that got a huge page' },
  residentPeakBytes: { kind: 'RUN', unit: 'bytes', label: 'largest resident size' },
  reserveKeptRatio: { kind: 'RUN', unit: 'ratio', label: 'seconds with the reserve free' },
  recoveryMsP99: { kind: 'RUN', unit: 'ms', label: 'recovery from a demand step, 99th percentile' },
};

export const METRIC_NAMES = Object.keys(METRICS) as (keyof CellMetrics)[];
