/** Policies as the API needs them: found by name, with parameters that were checked. */
import { DomainError } from '#contracts';
import { findPolicy, parseParameters, type ParameterValues, type Policy, type Problem } from '#policy';

/** Throws DomainError BAD_INPUT that lists the names there are. */
export function requirePolicy(field: string, name: string): Policy {
  const found = findPolicy(name);
  if (found.ok) return found.value;
  throw new DomainError('BAD_INPUT', `${field}: ${found.problems.map((problem) => problem.message).join('; ')}`, field);
}

/** Every parameter with its value. Throws DomainError BAD_INPUT that lists every problem. */
export function requireParameters(field: string, policy: Policy, given: unknown): ParameterValues {
  const parsed = parseParameters(policy, given);
  if (parsed.ok) return parsed.value;
  throw new DomainError('BAD_INPUT', parsed.problems.map((problem) => describe(field, problem)).join('; '), field);
}

function describe(field: string, { path, message }: Problem): string {
  return `${path === '' ? field : `${field}.${path}`} ${message}`;
}
