import type { Comparison, Verdict } from '#fidelity';
import type { Judgements } from './judge.js';

/** For a terminal: a block for each recording, the totals last. */
export function reportText({ recordings, overall }: Judgements, withSteps: boolean): string {
  const blocks = recordings.map((judgement) => {
    const lines = [`${judgement.name} (Linux ${judgement.kernel})`];
    if (withSteps) lines.push(...judgement.comparisons.map((one) => `  ${comparisonLine(one, judgement.steps)}`));
    lines.push(...judgement.verdicts.map((verdict) => `  ${verdictLine(verdict)}`));
    if (judgement.skipped.length > 0) {
      lines.push(`  not replayed: ${judgement.skipped.length} steps, the first is ${judgement.skipped[0] ?? ''}`);
    }
    return lines.join('\n');
  });
  if (overall.length > 0) {
    blocks.push(['all recordings together', ...overall.map((verdict) => `  ${verdictLine(verdict)}`)].join('\n'));
  }
  const held = recordings.filter(({ holds }) => holds).length;
  return `${blocks.join('\n\n')}\n\nEvery bound holds for ${held} of ${recordings.length} recordings.`;
}

function verdictLine({ metric, within, compared, requiredRatio, worst, holds }: Verdict): string {
  const share = requiredRatio === 1 ? '' : ` (${Math.round(requiredRatio * 100)} % must)`;
  const at = holds ? '' : `; worst: ${worstText(worst)}`;
  return `${holds ? 'holds' : 'FAILS'}  ${metric}: ${within} of ${compared}${share}${at}`;
}

export function worstText({ step, of, recorded, simulated, bound }: Comparison): string {
  const where = step < 0 ? 'boot' : `step ${step}`;
  return `${where}${of === '' ? '' : ` ${of}`} recorded ${round(recorded)}, simulated ${round(simulated)}, bound ${round(bound)}`;
}

function comparisonLine(comparison: Comparison, steps: readonly string[]): string {
  const { metric, step, of, recorded, simulated, error, isWithin } = comparison;
  const where = step < 0 ? 'boot' : (steps[step] ?? 'whole run');
  const figures = `recorded ${round(recorded)}, simulated ${round(simulated)}, error ${round(error)}`;
  return `${isWithin ? '     ' : 'OUT  '} ${where}: ${metric}${of === '' ? '' : ` ${of}`}: ${figures}`;
}

function round(value: number): string {
  return Number.isNaN(value) ? 'nothing' : String(Math.round(value * 1000) / 1000);
}
