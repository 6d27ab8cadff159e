import { CellThread } from '#cells';
import { DomainError } from '#contracts';
import { Queues } from '#jobs';
import { Experiments, type ExperimentRecord } from '#persistence';
import { cellKeys, parseSpec, PRESETS, type ExperimentSpec } from '#simulation';
import { Logger } from '@nestjs/common';
import { Args, Mutation, Resolver } from '@nestjs/graphql';
import { badInput } from '../limits/checks.js';
import { OneByOne } from '../limits/one-by-one.js';
import { TraceLocator } from '../trace/trace-locator.js';
import {
  CancelExperimentInput,
  CancelExperimentPayload,
  DeleteExperimentInput,
  DeleteExperimentPayload,
  StartExperimentInput,
  StartExperimentPayload,
} from './experiment.model.js';

/** Until access control exists nobody has a name. */
const REQUESTED_BY = 'anonymous';
const PATH_FIELD = 'input.spec.guests.source.path';

@Resolver()
export class ExperimentMutationsResolver {
  readonly #log = new Logger('experiments');
  readonly #checks = new OneByOne('experiments whose traces are read');

  constructor(
    private readonly questions: Experiments,
    private readonly queues: Queues,
    private readonly traces: TraceLocator,
  ) {}

  @Mutation(() => StartExperimentPayload, {
    description:
      'Acknowledges an experiment; its cells are spread over the workers. A spec that cannot be is refused with all that is wrong.',
  })
  async startExperiment(@Args('input') input: StartExperimentInput): Promise<{ experiment: ExperimentRecord }> {
    const spec = requireSpec(givenSpec(input));
    const tracePath = await this.#checkTraces(spec);
    const experiment = await this.questions.create({
      name: spec.name,
      spec,
      tracePath,
      requestedBy: REQUESTED_BY,
      idempotencyKey: input.idempotencyKey ?? null,
      cells: cellKeys(spec),
    });
    await this.#tell(experiment.id, cellKeys(spec).length);
    return { experiment };
  }

  @Mutation(() => CancelExperimentPayload, { description: 'Cells that have ended keep what they found.' })
  async cancelExperiment(@Args('input') { id }: CancelExperimentInput): Promise<{ experiment: ExperimentRecord }> {
    return { experiment: await this.questions.cancel(id) };
  }

  @Mutation(() => DeleteExperimentPayload, {
    description: 'Of one that has ended: its cells, its answer and its report go.',
  })
  async deleteExperiment(@Args('input') { id }: DeleteExperimentInput): Promise<DeleteExperimentPayload> {
    await this.questions.delete(id);
    return { deletedId: id };
  }

  /** Reads the traces once, so that what is wrong with them is told now. Returns their path as the spec has it. */
  async #checkTraces(spec: ExperimentSpec): Promise<string | null> {
    const { source } = spec.guests;
    if (source.kind !== 'traces') return null;
    const tracePath = await this.traces.locate(source, PATH_FIELD);
    const problem = await this.#checks.run(() => problemOfTraces(spec, tracePath));
    if (problem !== null) throw new DomainError('BAD_INPUT', problem, PATH_FIELD);
    return source.path;
  }

  /** The rows are the truth: a worker finds them should the queue be away. */
  async #tell(experimentId: string, cells: number): Promise<void> {
    const answer = { payload: { version: 1, kind: 'ANSWER', experimentId } as const, jobId: `${experimentId}-answer` };
    const jobs = Array.from({ length: cells }, (_, place) => ({
      payload: { version: 1, kind: 'CELL', experimentId, place } as const,
      jobId: `${experimentId}-${place}`,
    }));
    try {
      await this.queues.addFlow('experiments', answer, jobs);
    } catch (error) {
      this.#log.warn(`the queue was not told: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
}

async function problemOfTraces(spec: ExperimentSpec, tracePath: string | null): Promise<string | null> {
  const thread = new CellThread({ spec, index: null, tracePath });
  try {
    return await thread.check();
  } finally {
    await thread.stop();
  }
}

/** Throws DomainError BAD_INPUT unless there is either a spec or the name of a preset. */
function givenSpec({ spec = null, preset = null }: StartExperimentInput): unknown {
  if ((spec === null) === (preset === null))
    throw badInput('input', 'given either a spec or a preset', spec === null ? 'neither' : 'both');
  if (preset === null) return spec;
  const found = PRESETS.find(({ name }) => name === preset);
  if (found === undefined) {
    const names = PRESETS.map(({ name }) => name).join(', ');
    throw badInput('input.preset', `one of ${names}`, preset.slice(0, 80));
  }
  return found.spec;
}

function requireSpec(given: unknown): ExperimentSpec {
  const parsed = parseSpec(given);
  if (parsed.ok) return parsed.value;
  const problems = parsed.problems.map(({ path, message }) => ({
    path: path === '' ? 'input.spec' : `input.spec.${path}`,
    message,
  }));
  const lines = problems.map(({ path, message }) => `${path}: ${message}`);
  throw new DomainError('BAD_INPUT', lines.join('; '), 'input.spec', problems);
}
