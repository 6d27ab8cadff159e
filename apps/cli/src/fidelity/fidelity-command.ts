/** `ballast fidelity`: replays recordings of real kernels and holds the simulation to them. */
import { writeFileSync } from 'node:fs';
import { DomainError } from '#contracts';
import { Command } from 'commander';
import { checkFiles, checkFolders } from '../output-files.js';
import { writePlots } from '../plot-files.js';
import { judgeAll, type Judgement, type Judgements } from './judge.js';
import { recordingPlots } from './recording-plots.js';
import { reportHtml } from './report-html.js';
import { reportMarkdown } from './report-markdown.js';
import { reportText } from './report-text.js';

interface FidelityOptions {
  readonly json?: true;
  readonly steps?: true;
  readonly report?: string;
  readonly plots?: string;
  readonly markdown?: string;
}

export function fidelityCommand(): Command {
  return new Command('fidelity')
    .description(
      'replay recordings of real kernels and compare, step by step; exit code 0: every bound holds, 1: one does not, 2: bad input',
    )
    .argument('<recording...>', 'recordings, JSON or gzipped JSON')
    .option('--json', 'print every comparison as JSON')
    .option('--steps', 'print every comparison, not only the verdicts')
    .option('--report <file>', 'write an HTML report with plots')
    .option('--plots <folder>', 'write each plot of that report as an SVG file')
    .option('--markdown <file>', 'write the verdicts as Markdown')
    .action((files: string[], options: FidelityOptions) => {
      process.exitCode = run(files, options);
    });
}

/** What the last entry of the JSON is called: the verdicts over all recordings together. */
const ALL_RECORDINGS = 'all recordings';

/** 0: every bound holds; 1: one does not; 2: a file is no recording. */
function run(files: readonly string[], options: FidelityOptions): number {
  let judgements: Judgements;
  try {
    checkFiles({ '--report': options.report, '--markdown': options.markdown });
    checkFolders({ '--plots': options.plots });
    judgements = judgeAll(files);
  } catch (error) {
    if (!(error instanceof DomainError)) throw error;
    console.error(error.message);
    return 2;
  }
  const { recordings, overall, holds } = judgements;
  if (options.json === true) {
    const all = {
      name: ALL_RECORDINGS,
      kernel: '',
      holds: overall.every((one) => one.holds),
      skipped: [],
      verdicts: overall,
    };
    console.log(JSON.stringify([...recordings.map(withoutPlots), { ...all, comparisons: [] }], null, 2));
  } else console.log(reportText(judgements, options.steps === true));
  if (options.report !== undefined) writeFileSync(options.report, reportHtml(judgements));
  if (options.plots !== undefined) writePlots(options.plots, recordings.flatMap(recordingPlots));
  if (options.markdown !== undefined) writeFileSync(options.markdown, reportMarkdown(judgements));
  return holds ? 0 : 1;
}

/** The plots repeat what the comparisons say. */
function withoutPlots({ name, kernel, holds, verdicts, comparisons, skipped }: Judgement): object {
  return { name, kernel, holds, skipped, verdicts, comparisons };
}
