/** When a fleet counts as served: the service objective of an experiment. */
export interface Objective {
  /** Performance is judged in windows of this length. */
  readonly windowMs: number;
  /** A window is violated below this share of useful time. */
  readonly usefulTimeRatio: number;
  /** Share of all windows of all guests that may be violated where full backing would have spared the guest. */
  readonly violatedWindowsRatio: number;
  /** The same of the worst guest: fairness. */
  readonly worstGuestViolatedRatio: number;
  /** Kills by the host for want of memory that are allowed. */
  readonly hostOomKills: number;
  /** Kills in guests that full backing would have spared them, for a thousand guests and a month. */
  readonly policyOomKillsPerThousandGuestMonths: number;
  /** Share of seconds in which the host must keep its reserve free. */
  readonly reserveKeptRatio: number;
  /** From a demand step of a quarter of RAM to full backing, 99th percentile. */
  readonly recoveryMsP99: number;
}

/** As industry publishes them; see docs/workload-model.md. */
export const DEFAULT_OBJECTIVE: Objective = {
  windowMs: 300_000,
  usefulTimeRatio: 0.95,
  violatedWindowsRatio: 0.001,
  worstGuestViolatedRatio: 0.01,
  hostOomKills: 0,
  policyOomKillsPerThousandGuestMonths: 1,
  reserveKeptRatio: 0.9999,
  recoveryMsP99: 10_000,
};
