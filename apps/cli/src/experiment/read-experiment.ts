/** A spec from a file, standard input or a preset, and the traces it names. */
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { openExperiment, type Experiment } from '#cells';
import { DomainError } from '#contracts';
import { PRESETS, parseSpec, type ExperimentSpec } from '#simulation';
import { PROJECT_ROOT } from '../project-root.js';

/** Presets name traces from here, as specs for the API do. */
const TRACES = join(PROJECT_ROOT, 'data', 'traces');

/** Throws DomainError with everything that is wrong with the spec, or file and line of what is wrong with its traces. */
export function readExperiment(path: string | undefined, preset: string | undefined): Experiment {
  if ((path === undefined) === (preset === undefined)) {
    throw new DomainError('BAD_INPUT', 'give either a spec (a JSON file, - for standard input) or --preset');
  }
  const spec = accept(
    preset === undefined ? readJson(path ?? '-') : presetSpec(preset),
    path ?? `preset ${preset ?? ''}`,
  );
  return openExperiment(spec, locateTraces(spec, path));
}

function presetSpec(name: string): unknown {
  const found = PRESETS.find((preset) => preset.name === name);
  if (found !== undefined) return found.spec;
  const names = PRESETS.map((preset) => preset.name).join(', ');
  throw new DomainError('BAD_INPUT', `--preset must be one of ${names}; got ${name}`);
}

function readJson(path: string): unknown {
  let text: string;
  try {
    text = readFileSync(path === '-' ? 0 : path, 'utf8');
  } catch (error) {
    throw new DomainError('BAD_INPUT', `cannot read the spec ${path}: ${reasonOf(error)}`);
  }
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new DomainError('BAD_INPUT', `${path} is not JSON: ${reasonOf(error)}`);
  }
}

function accept(input: unknown, what: string): ExperimentSpec {
  const parsed = parseSpec(input);
  if (parsed.ok) return parsed.value;
  const problems = parsed.problems.map(({ path, message }) => `${path === '' ? 'the spec' : path}: ${message}`);
  throw new DomainError('BAD_INPUT', `${what} is not accepted\n  ${problems.join('\n  ')}`);
}

/** Paths are from where one stands, from the spec's own folder, from the project's root, or from its traces. */
function locateTraces({ guests: { source } }: ExperimentSpec, specPath: string | undefined): string | null {
  if (source.kind !== 'traces') return null;
  const bases = [
    process.cwd(),
    ...(specPath === undefined || specPath === '-' ? [] : [dirname(specPath)]),
    PROJECT_ROOT,
    TRACES,
  ];
  const path = bases.map((base) => resolve(base, source.path)).find(existsSync);
  if (path !== undefined) return path;
  throw new DomainError('BAD_INPUT', `guests.source.path: must be a file or a folder; ${source.path} does not exist`);
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
