/** `ballast experiment …`: how far a fleet can be overcommitted, with which policy, and what breaks first. */
import { Command } from 'commander';
import { DomainError } from '#contracts';
import { PRESETS, SPEC_SCHEMA, boundOfTrace } from '#simulation';
import { boundText } from './bound-text.js';
import { readExperiment } from './read-experiment.js';

interface BoundOptions {
  readonly preset?: string;
  readonly json?: true;
}

const SPEC = 'the spec, a JSON file; - for standard input';
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
  return command;
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
