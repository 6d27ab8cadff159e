import { DomainError } from '#contracts';
import {
  findPolicy,
  parseHostView,
  parseParameters,
  type JsonValue,
  type Parsed,
  type Plan,
  type Policy,
} from '#policy';

export interface DecisionRequest {
  readonly policy: string;
  readonly parameters: unknown;
  readonly view: unknown;
  readonly memory: unknown;
}

/** One decision. Throws DomainError that names every field that is wrong and what would be accepted. */
export function decide({ policy: name, parameters, view, memory }: DecisionRequest): Plan {
  const policy = requirePolicy(name);
  const values = accept(parseParameters(policy, parameters), '--set');
  const host = accept(parseHostView(view), 'the view');
  return policy.plan(host, values, memory as JsonValue);
}

/** Throws DomainError that says which policies there are. */
export function requirePolicy(name: string): Policy {
  return accept(findPolicy(name), '--policy');
}

function accept<T>(parsed: Parsed<T>, what: string): T {
  if (parsed.ok) return parsed.value;
  const problems = parsed.problems.map(({ path, message }) => `${path}: ${message}`);
  throw new DomainError('BAD_INPUT', `${what} is not accepted\n  ${problems.join('\n  ')}`);
}
