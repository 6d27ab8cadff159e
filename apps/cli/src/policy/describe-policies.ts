import { findPolicy, policyNames, type ParameterDescription } from '#policy';

export interface PolicyDescription {
  readonly name: string;
  readonly description: string;
  readonly origin: string;
  readonly parameters: readonly ParameterDescription[];
}

/** Every policy with its parameters, as the API's `policies` query shows them. */
export function describePolicies(): PolicyDescription[] {
  return policyNames.flatMap((name) => {
    const found = findPolicy(name);
    if (!found.ok) return [];
    const { description, origin, parameters } = found.value;
    return [{ name, description, origin, parameters }];
  });
}
