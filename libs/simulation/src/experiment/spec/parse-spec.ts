/** A spec from JSON: complete, or everything that is wrong with it at once. */
import { TRACE_MEANINGS } from '#contracts';
import { findPolicy, parseParameters, readShape, type Parsed, type Problem } from '#policy';
import { TICK_MS } from '#units';
import { PERFECT_POLICY, type ExperimentSpec, type PolicyChoice } from '../model/spec.js';
import { SPEC_SHAPE } from './spec-shape.js';

const MOST_WARM_UP_MS = 600_000;

/** Reads untrusted JSON and fills in every default: the same complete spec means the same run for ever. */
export function parseSpec(input: unknown): Parsed<ExperimentSpec> {
  const read = readShape(SPEC_SHAPE, input);
  const problems: Problem[] = read.ok ? [] : [...read.problems];
  // Fields that read are checked against each other even when others do not: nobody mends a spec twice.
  const lenient = read.ok ? read.value : SPEC_SHAPE.read(input, '', []);
  const policies = lenient.policies.map((policy) => ({
    ...policy,
    label: policy.label === '' ? policy.name : policy.label,
  }));
  const spec: ExperimentSpec = {
    ...lenient,
    policies,
    warmUpMs: lenient.warmUpMs ?? usualWarmUpMs(lenient.durationMs),
  };
  const known = new Set(problems.map(({ path }) => path));
  for (const problem of conflicts(spec)) if (!known.has(problem.path)) problems.push(problem);
  return problems.length === 0 ? { ok: true, value: spec } : { ok: false, problems };
}

/** A tenth of the run, 10 minutes at most. */
function usualWarmUpMs(durationMs: number): number {
  return Math.min(MOST_WARM_UP_MS, Math.floor(durationMs / 10));
}

function conflicts(spec: ExperimentSpec): Problem[] {
  return [
    ...listProblems(spec),
    ...policyProblems(spec.policies),
    ...timeProblems(spec),
    ...populationProblems(spec),
    ...faultProblems(spec),
  ];
}

function listProblems({ overcommitRatios, seeds, policies }: ExperimentSpec): Problem[] {
  const lists = { overcommitRatios, seeds, policies: policies.map(({ label }) => label) };
  return Object.entries(lists).flatMap(([path, values]: [string, readonly (number | string)[]]) => {
    if (values.length === 0) return [{ path, message: 'must have one entry at least' }];
    return values.flatMap((value, at) => {
      const first = values.indexOf(value);
      if (first === at) return [];
      const hint = path === 'policies' ? '; give them labels that differ' : '';
      return [{ path: `${path}[${at}]`, message: `must differ from ${path}[${first}], both are ${value}${hint}` }];
    });
  });
}

function policyProblems(policies: readonly PolicyChoice[]): Problem[] {
  return policies.flatMap(({ name, parameters }, at) => {
    const path = `policies[${at}]`;
    if (name === '') return [];
    if (name === PERFECT_POLICY) {
      const given = Object.keys(parameters);
      return given.length === 0 ? [] : [{ path: `${path}.parameters`, message: `must be empty: ${name} has none` }];
    }
    const found = findPolicy(name);
    if (!found.ok) {
      return found.problems.map(({ message }) => ({ path: `${path}.name`, message: `${message}, ${PERFECT_POLICY}` }));
    }
    const read = parseParameters(found.value, parameters);
    if (read.ok) return [];
    return read.problems.map((problem) => ({ ...problem, path: `${path}.parameters.${problem.path}` }));
  });
}

function timeProblems({ durationMs, stepMs, warmUpMs, slo }: ExperimentSpec): Problem[] {
  const problems: Problem[] = [];
  if (stepMs % TICK_MS !== 0)
    problems.push({ path: 'stepMs', message: `must be whole ticks of ${TICK_MS} ms, got ${stepMs}` });
  if (stepMs > 0 && durationMs % stepMs !== 0) {
    problems.push({ path: 'durationMs', message: `must be whole steps of ${stepMs} ms, got ${durationMs}` });
  }
  if (slo.windowMs < stepMs) {
    problems.push({ path: 'slo.windowMs', message: `must be at least a step of ${stepMs} ms, got ${slo.windowMs}` });
  }
  if (warmUpMs > 0 && warmUpMs >= durationMs) {
    problems.push({ path: 'warmUpMs', message: `must be less than durationMs (${durationMs}), got ${warmUpMs}` });
  }
  return problems;
}

function populationProblems({ guests }: ExperimentSpec): Problem[] {
  const problems: Problem[] = [];
  const { source, demand } = guests;
  const total = guests.commonFactor.fleet + guests.commonFactor.tenant;
  if (total > 1) {
    problems.push({ path: 'guests.commonFactor', message: `fleet and tenant must sum to at most 1, got ${total}` });
  }
  if (source.kind === 'synthetic') {
    const sum = Object.values(source.mix).reduce((whole, share) => whole + share, 0);
    if (!(sum > 0)) problems.push({ path: 'guests.source.mix', message: 'must have one share above 0 at least' });
    if (demand === 'DIRECT')
      problems.push({ path: 'guests.demand', message: 'must be MODEL: archetypes have no column' });
  } else if (TRACE_MEANINGS[source.format] === 'ABSENT' && demand === 'DIRECT') {
    problems.push({
      path: 'guests.demand',
      message: `must be MODEL: ${source.format} says nothing about memory in use`,
    });
  }
  return problems;
}

function faultProblems({ faults, durationMs }: ExperimentSpec): Problem[] {
  return faults.flatMap(({ fromMs, toMs }, at) =>
    !(fromMs >= toMs || fromMs >= durationMs)
      ? []
      : [
          {
            path: `faults[${at}]`,
            message: `must begin before it ends and before ${durationMs} ms, got ${fromMs} to ${toMs}`,
          },
        ],
  );
}
