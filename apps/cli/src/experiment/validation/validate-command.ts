/** `ballast experiment validate`: repeats published experiments and holds ours to them. */
import { writeFileSync } from 'node:fs';
import { Command } from 'commander';
import { DomainError } from '#contracts';
import { TARGETS, type Target } from '#simulation';
import { checkFiles, checkFolders } from '../../output-files.js';
import { writePlots } from '../../plot-files.js';
import { curvePlot } from './curve-plot.js';
import { acceptedText, judgeTarget, type TargetJudgement } from './judge-target.js';
import { targetsMarkdown } from './targets-markdown.js';

interface ValidateOptions {
  readonly json?: true;
  readonly markdown?: string;
  readonly plots?: string;
}

export function validateCommand(): Command {
  return new Command('validate')
    .description('repeat published experiments; exit code 1 when a figure is missed')
    .argument('[target...]', `which: ${TARGETS.map(({ id }) => id).join(', ')}; all when left out`)
    .option('--json', 'print the findings as JSON')
    .option('--markdown <file>', 'write them as Markdown')
    .option('--plots <folder>', 'write what was recorded over time, beside ours, as SVG files')
    .action((names: string[], { json, markdown, plots }: ValidateOptions) => {
      checkFiles({ '--markdown': markdown });
      checkFolders({ '--plots': plots });
      const judgements = chosen(names).map((target) => {
        const judgement = judgeTarget(target);
        if (json !== true) console.log(judgementText(judgement));
        return judgement;
      });
      if (json === true) console.log(JSON.stringify(judgements, null, 2));
      if (markdown !== undefined) writeFileSync(markdown, targetsMarkdown(judgements));
      if (plots !== undefined)
        writePlots(
          plots,
          judgements.flatMap(({ curves }) => curves.map(curvePlot)),
        );
      if (judgements.some(({ findings }) => findings.some(({ holds }) => !holds))) process.exitCode = 1;
    });
}

function chosen(names: readonly string[]): readonly Target[] {
  if (names.length === 0) return TARGETS;
  return names.map((name) => {
    const found = TARGETS.find(({ id }) => id === name.toUpperCase());
    if (found !== undefined) return found;
    const known = TARGETS.map(({ id }) => id).join(', ');
    throw new DomainError('BAD_INPUT', `there is no target ${name}; there are ${known}`);
  });
}

function judgementText({ id, title, findings }: TargetJudgement): string {
  const lines = findings.map(
    ({ holds, figure, published, ours, ...accept }) =>
      `  ${holds ? 'holds ' : 'MISSED'} ${figure}: ${ours}, published ${published ?? 'nowhere'} (${acceptedText(accept)})`,
  );
  return [`${id} ${title}`, ...lines].join('\n');
}
