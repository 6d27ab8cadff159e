/** `ballast experiment …`: how far a fleet can be overcommitted, with which policy, and what breaks first. */
import { Command, InvalidArgumentError } from 'commander';
import { DomainError } from '#contracts';
import { PRESETS, SPEC_SCHEMA, boundOfTrace } from '#simulation';
import { boundText } from './bound-text.js';
import { readExperiment } from './read-experiment.js';
import { validateCommand } from './validation/validate-command.js';
import { run, sensitivity, type RunOptions, type SensitivityOptions } from './run-experiment.js';

interface BoundOptions {
  readonly preset?: string;
  readonly json?: true;
}

const SPEC = 'the spec, a JSON file; - for standard input';
const WORKERS_OPTION = ['--workers <n>', 'threads; the cores of this machine when left out', count] as const;
const PRESET_OPTION = ['--preset <name>', 'a spec that comes with Ballast, instead of a file'] as const;

export function experimentCommand(): Command {
  const command = new Command('experiment')
    .description('how far a fleet can be overcommitted, with which policy, and what breaks first')
    .option('--schema', 'print the JSON schema of a spec')
    .action(({ schema }: { schema?: true }) => {
      if (schema === true) print(SPEC_SCHEMA);
      else command.help();
    });
  command
    .command('presets')
    .description('print the specs that come with Ballast, each with its question, as JSON')
    .action(() => print(PRESETS));
  command
    .command('bound')
    .description(
      'what perfect knowledge allows on the traces of a spec: assigned memory over the largest sum in use, host by host',
    )
    .argument('[spec]', SPEC)
    .option(...PRESET_OPTION)
    .option('--json', 'print it as JSON')
    .action(bound);
  command
    .command('run')
    .description('run every cell of a spec on this machine; exit code 1 when one failed, 130 after Ctrl-C')
    .argument('[spec]', SPEC)
    .option(...PRESET_OPTION)
    .option('--out <file>', 'write an HTML report with plots')
    .option('--plots <folder>', 'write each plot of that report as an SVG file')
    .option('--csv <file>', 'write cells, summary and frontier as CSV')
    .option('--markdown <file>', 'write a table for each ratio as Markdown')
    .option('--json', 'print the answer as JSON')
    .option(...WORKERS_OPTION)
    .option('--journal <file>', 'keep finished cells in this file; a run that was killed goes on from it')
    .action((path: string | undefined, options: RunOptions) => run(path, options));
  command
    .command('sensitivity')
    .description('run a spec at drawn values of its constants, and show what the answer hangs on')
    .argument('[spec]', SPEC)
    .option(...PRESET_OPTION)
    .option('--draws <n>', 'how often', count, 20)
    .option('--metric <name>', 'the figure of a cell that is looked at', 'violatedWindowsRatio')
    .option('--json', 'print it as JSON')
    .option(...WORKERS_OPTION)
    .action((path: string | undefined, options: SensitivityOptions) => sensitivity(path, options));
  command.addCommand(validateCommand());
  return command;
}

function count(text: string): number {
  const value = Number(text);
  if (Number.isInteger(value) && value >= 1 && value <= 1000) return value;
  throw new InvalidArgumentError('It must be a whole number from 1 to 1000.');
}

function bound(path: string | undefined, { preset, json }: BoundOptions): void {
  const { spec, index } = readExperiment(path, preset);
  const { source } = spec.guests;
  if (index === null || source.kind !== 'traces') {
    throw new DomainError('BAD_INPUT', 'guests.source.kind: must be traces: archetypes have no column to bound');
  }
  if (index.meaning === 'ABSENT') {
    throw new DomainError('BAD_INPUT', `guests.source.format: ${source.format} says nothing about memory in use`);
  }
  const found = boundOfTrace(index, source, spec);
  if (json === true) print(found);
  else console.log(boundText(found));
}

function print(value: unknown): void {
  console.log(JSON.stringify(value, null, 2));
}
