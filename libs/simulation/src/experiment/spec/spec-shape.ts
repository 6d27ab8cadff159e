/** The fields of a spec, each with what it accepts and what it means when it is left out. */
import { DEFAULT_GUEST_FEATURES, DEFAULT_KERNEL_PROFILE, KERNEL_PROFILES, TRACE_FORMATS } from '#contracts';
import {
  bytes,
  choice,
  flag,
  listOf,
  number,
  ratio,
  text,
  withDefault,
  type JsonSchema,
  type JsonValue,
  type Shape,
} from '#policy';
import { GIB, MIB, TICK_MS } from '#units';
import { COST_SOURCES } from '../../costs/cost-sources.js';
import { DEFAULT_COSTS, type Costs } from '../../costs/costs.js';
import { DEFAULT_OBJECTIVE, type Objective } from '../../objective/objective.js';
import { DEFAULT_MODEL, MODEL_SOURCES, type ModelFactors } from '../../workload/model-constants.js';
import { ARCHETYPES, type Archetype, type GuestSource } from '../../workload/guest-population.js';
import { PEAKS, SAMPLINGS } from '../../trace/trace-source.js';
import type { Fault } from '../model/spec.js';
import { closed, orEmpty, variants, wordsOr } from './shapes.js';

const DAY_MS = 86_400_000;
const MOST_GUESTS = 10_000;
const MOST_SEED = 2 ** 32 - 1;
const MOST_RATIO = 1000;
const LEAST_RAM_BYTES = 64 * MIB;
const MOST_RAM_BYTES = 1024 * GIB;

const share = (description: string, preset: number): Shape<number> => withDefault(ratio(description), preset);
const whole = (description: string, min: number, max?: number): Shape<number> =>
  number(description, { min, whole: true, ...(max === undefined ? {} : { max }) });
const time = (description: string): Shape<number> => whole(`${description}, ms of simulated time`, 0);

const mixFields = Object.fromEntries(
  ARCHETYPES.map((name) => [name, withDefault(number(`share of ${name} guests`, { min: 0 }), 0)]),
) as Record<Archetype, Shape<number>>;

const source: Shape<GuestSource> = variants<GuestSource>(
  {
    traces: closed(
      {
        format: choice(TRACE_FORMATS, 'how the files are written; AZURE_V2 reads tables of V1, too'),
        path: text('a file, or a folder of CSV files; over the API also trace:ID, an imported trace'),
        sampling: withDefault(
          choice(
            SAMPLINGS,
            'ORDER: the first VMs, in order of file name; STRATIFIED by mean use; RESAMPLE: with replacement',
          ),
          'ORDER',
        ),
        peaks: withDefault(
          choice(PEAKS, 'SHIFTED: each series turned by a drawn time; ALIGNED: all largest values at the same moment'),
          'AS_RECORDED',
        ),
        scale: withDefault(number('factor on the memory column', { min: 0.001, max: 1000 }), 1),
      },
      'guests that replay VMs of a trace',
    ),
    synthetic: closed(
      { mix: closed(mixFields, 'shares of the archetypes; they need not sum to 1') },
      'guests drawn from archetypes',
    ),
  },
  'where guests come from',
);

const between = { fromMs: time('first moment'), toMs: time('moment after the last') };
const guestRatio = ratio('share of the guests, drawn from the seed');
const fault: Shape<Fault> = variants<Fault>(
  {
    REFUSE: closed({ guestRatio, ...between }, 'guests refuse balloon work'),
    LATE_STATISTICS: closed({ guestRatio, ...between, delayMs: time('how late') }, "guests' statistics come late"),
    HOST_LOSS: closed({ capacityRatio: ratio('share of the capacity that is gone'), ...between }, 'hosts lose memory'),
  },
  'something that goes wrong between two times',
);

const parameters: Shape<Readonly<Record<string, JsonValue>>> = {
  read: (value, path, problems) => {
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, JsonValue>;
    if (value !== undefined && value !== null)
      problems.push({ path, message: 'must be an object of names and values' });
    return {};
  },
  schema: { type: 'object', description: 'as `ballast policy list` describes them', default: {} },
  optional: true,
};

const policy = closed(
  {
    name: text('a policy of `ballast policy list`, or perfect: it knows the demand of every step'),
    label: withDefault(text('what the answer calls it; the name when left out'), ''),
    parameters,
  },
  'a policy with its parameters',
);

/** Null: parseSpec takes it from the length of the run. */
const warmUpMs: Shape<number | null> = {
  read: (value, path, problems) =>
    value === undefined || value === null ? null : whole('', 0).read(value, path, problems),
  schema: {
    description:
      'time at the beginning in which neither reserve nor windows are judged, ms; null: a tenth of the run, 10 minutes at most',
    anyOf: [{ type: 'integer', minimum: 0 }, { type: 'null' }],
    default: null,
  },
  optional: true,
};

const assignedBytes: Shape<number | null> = {
  read: (value, path, problems) =>
    value === undefined || value === null
      ? null
      : number('', { min: LEAST_RAM_BYTES, max: MOST_RAM_BYTES, whole: true }).read(value, path, problems),
  schema: {
    description: "each guest's size in bytes; null: what the trace provisions at most, or the archetype's own",
    anyOf: [{ type: 'integer', minimum: LEAST_RAM_BYTES, maximum: MOST_RAM_BYTES }, { type: 'null' }],
    default: null,
  },
  optional: true,
};

const featureFields = Object.fromEntries(
  Object.entries(DEFAULT_GUEST_FEATURES).map(([name, preset]) => [name, withDefault(flag(name), preset as boolean)]),
) as { [Key in keyof typeof DEFAULT_GUEST_FEATURES]: Shape<boolean> };

const guests = closed(
  {
    source,
    count: withDefault(whole('how many guests', 1, MOST_GUESTS), 24),
    assignedBytes,
    minRatio: share('guaranteed floor as a share of the assigned memory', 0.25),
    shares: withDefault(number('weight against other guests', { min: 1, max: 1_000_000 }), 1000),
    kernelProfile: withDefault(choice(KERNEL_PROFILES, "the guests' kernel"), DEFAULT_KERNEL_PROFILE),
    features: orEmpty(closed(featureFields, "what the guests' balloons and kernels can do")),
    demand: withDefault(
      choice(['MODEL', 'DIRECT'], 'MODEL: the workload model; DIRECT: the column is memory in use as it stands'),
      'MODEL',
    ),
    commonFactor: orEmpty(
      closed(
        { fleet: share('of all guests', 0.03), tenant: share('of the guests of one tenant', 0.25) },
        'share of the variance of load that guests have in common',
      ),
    ),
  },
  'the guests',
);

/** Nothing costs anything: no time, every scanned page reclaimed, bandwidth without end. */
const OFF: Costs = {
  ...(Object.fromEntries(Object.keys(DEFAULT_COSTS).map((name) => [name, 0])) as unknown as Costs),
  healthyReclaimRatio: 1,
  thrashingReclaimRatio: 1,
  hostSwapReadBytesPerSec: Number.MAX_SAFE_INTEGER,
  hostSwapWriteBytesPerSec: Number.MAX_SAFE_INTEGER,
};
const costFields = Object.fromEntries(
  Object.entries(COST_SOURCES).map(([name, { meaning, unit, value }]) => [
    name,
    withDefault(number(`${meaning} ${unit}`, { min: 0 }), value),
  ]),
) as { [Key in keyof Costs]: Shape<number> };
const modelFields = Object.fromEntries(
  Object.entries(MODEL_SOURCES).map(([name, { meaning, value, low }]) => [
    name,
    // What can be absent can be left out.
    withDefault(number(meaning, { min: low === 0 ? 0 : 0.01, max: 100 }), value as number),
  ]),
) as { [Key in keyof ModelFactors]: Shape<number> };
const sloFields = Object.fromEntries(
  Object.entries(DEFAULT_OBJECTIVE).map(([name, preset]) => [
    name,
    withDefault(number(name, { min: 0, ...(name.endsWith('Ratio') ? { max: 1 } : {}) }), preset as number),
  ]),
) as { [Key in keyof Objective]: Shape<number> };

export const SPEC_SHAPE = closed(
  {
    name: withDefault(text('what reports call it'), 'experiment'),
    hosts: orEmpty(
      closed(
        {
          perHost: withDefault(whole('guests of one host', 1, MOST_GUESTS), 8),
          swapBytes: withDefault(bytes('swap of each host; 0: none'), 0),
        },
        'the hosts; the capacity of one is the assigned memory of its guests divided by the ratio',
      ),
    ),
    guests,
    overcommitRatios: withDefault(
      listOf(number('assigned memory over capacity', { min: 1, max: MOST_RATIO }), 'the ratios to try'),
      [1],
    ),
    policies: orList(listOf(policy, 'the policies to try; the first is the baseline'), [{ name: 'none' }]),
    seeds: withDefault(listOf(whole('seed', 0, MOST_SEED), 'each an independent fleet'), [1]),
    durationMs: withDefault(whole('length of the run, ms of simulated time', TICK_MS), DAY_MS),
    warmUpMs,
    stepMs: withDefault(whole('how often demand changes and policies decide, ms', TICK_MS), TICK_MS),
    shuffle: withDefault(flag('deal guests to hosts in an order drawn from the seed'), false),
    costs: wordsOr({ DEFAULT: DEFAULT_COSTS, OFF }, costFields, 'what moving and missing memory costs'),
    model: wordsOr({ DEFAULT: DEFAULT_MODEL }, modelFields, "factors on the workload model's constants"),
    slo: wordsOr({ DEFAULT: DEFAULT_OBJECTIVE }, sloFields, 'the service objective'),
    faults: orList(listOf(fault, 'what goes wrong'), []),
  },
  'An experiment: overcommit ratios × policies × seeds on a fleet of guests.',
);

export const SPEC_SCHEMA: JsonSchema = {
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  title: 'Experiment',
  ...SPEC_SHAPE.schema,
  properties: { $schema: { type: 'string' }, ...(SPEC_SHAPE.schema['properties'] as JsonSchema) },
};

/** A list that may be left out, and then reads as if `fallback` had been given. */
function orList<T>(shape: Shape<readonly T[]>, fallback: readonly JsonValue[]): Shape<readonly T[]> {
  return {
    read: (value, path, problems) => shape.read(value ?? fallback, path, problems),
    schema: { ...shape.schema, default: fallback },
    optional: true,
  };
}
