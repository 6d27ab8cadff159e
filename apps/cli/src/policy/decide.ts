import { DomainError } from '#contracts';
import { findPolicy, parseHostView, parseParameters, type JsonValue, type Parsed, type Plan } from '#policy';

export interface DecisionRequest {
  readonly policy: string;
  readonly parameters: unknown;
  readonly view: unknown;
  readonly memory: unknown;
}

/** One decision. Throws DomainError that names every field that is wrong and what would be accepted. */
export function decide({ policy: name, parameters, view, memory }: DecisionRequest): Plan {
  const policy = accept(findPolicy(name), '--policy');
  const values = accept(parseParameters(policy, parameters), '--set');
  const host = accept(parseHostView(view), 'the view');
  return policy.plan(host, values, memory as JsonValue);
}

function accept<T>(parsed: Parsed<T>, what: string): T {
  if (parsed.ok) return parsed.value;
  const problems = parsed.problems.map(({ path, message }) => `${path}: ${message}`);
  throw new DomainError('BAD_INPUT', `${what} is not accepted\n  ${problems.join('\n  ')}`);
}
