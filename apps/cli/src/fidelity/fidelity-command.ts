/** `ballast fidelity`: replays recordings of real kernels and holds the simulation to them. */
import { writeFileSync } from 'node:fs';
import { Command } from 'commander';
import { judge, type Judgement } from './judge.js';
import { reportHtml } from './report-html.js';
import { reportMarkdown } from './report-markdown.js';
import { reportText } from './report-text.js';

interface FidelityOptions {
  readonly json?: true;
  readonly steps?: true;
  readonly report?: string;
  readonly markdown?: string;
}

export function fidelityCommand(): Command {
  return new Command('fidelity')
    .description('replay recordings of real kernels and compare, step by step; exit code 0 when every bound holds')
    .argument('<recording...>', 'recordings, JSON or gzipped JSON')
    .option('--json', 'print every comparison as JSON')
    .option('--steps', 'print every comparison, not only the verdicts')
    .option('--report <file>', 'write an HTML report with plots')
    .option('--markdown <file>', 'write the verdicts as Markdown')
    .action((files: string[], options: FidelityOptions) => {
      const judgements = files.map(judge);
      if (options.json === true) console.log(JSON.stringify(judgements.map(withoutPlots), null, 2));
      else console.log(reportText(judgements, options.steps === true));
      if (options.report !== undefined) writeFileSync(options.report, reportHtml(judgements));
      if (options.markdown !== undefined) writeFileSync(options.markdown, reportMarkdown(judgements));
      if (!judgements.every(({ holds }) => holds)) process.exitCode = 1;
    });
}

/** The plots repeat what the comparisons say. */
function withoutPlots({ name, kernel, holds, verdicts, comparisons, skipped }: Judgement): object {
  return { name, kernel, holds, skipped, verdicts, comparisons };
}
