import { holds, type Curve, type Target, type TraceIndex } from '#simulation';
import { invariant } from '#units';
import { readExperiment } from '../read-experiment.js';

/** A finding in four digits, as it is printed and stored. */
export interface JudgedFinding {
  readonly figure: string;
  readonly published: number | null;
  readonly ours: number;
  readonly low: number;
  readonly high: number;
  readonly holds: boolean;
}

export interface TargetJudgement extends Pick<Target, 'id' | 'title' | 'origin' | 'setup' | 'missed'> {
  readonly findings: readonly JudgedFinding[];
  readonly curves: readonly Curve[];
}

const DIGITS = 4;
const SAMPLE_PRESET = 'quick';

/** As a person reads it. */
export function acceptedText({ low, high }: Pick<JudgedFinding, 'low' | 'high'>): string {
  return Number.isFinite(high) ? `${low} to ${high}` : `${low} or more`;
}

/** Runs a target: seconds to minutes. */
export function judgeTarget(target: Target): TargetJudgement {
  const { id, title, origin, setup, missed } = target;
  const findings = target.run(openSample).map((finding) => ({
    figure: finding.figure,
    published: finding.published,
    ours: rounded(finding.ours),
    low: rounded(finding.accept.low),
    high: rounded(finding.accept.high),
    holds: holds(finding),
  }));
  return { id, title, origin, setup, missed, findings, curves: target.curves?.() ?? [] };
}

/** The recorded VMs of GWA-T-12 that the presets use. */
function openSample(): TraceIndex {
  const { index } = readExperiment(undefined, SAMPLE_PRESET);
  invariant(index !== null, 'the preset names traces');
  return index;
}

function rounded(value: number): number {
  return Number(value.toPrecision(DIGITS));
}
