/** Decides again on what a stored run decided on: with its own policy, or with another. */
import { DomainError } from '#contracts';
import { decide } from './decide.js';
import type { Plan } from '#policy';

/** What the API tells of one host of a run. */
export interface StoredInputs {
  readonly hostId: string;
  readonly policy: string;
  readonly parameters: unknown;
  readonly view: unknown;
  readonly memory: unknown;
}

export interface ReplayedHost {
  readonly hostId: string;
  readonly policy: string;
  readonly plan: Plan;
}

const QUERY = 'query ($id: ID!) { rebalanceRun(id: $id) { inputs } }';

/** Throws DomainError when the API does not answer or knows no such run. */
export async function fetchInputs(url: string, runId: string): Promise<StoredInputs[]> {
  const answer = await askApi(url, { query: QUERY, variables: { id: runId } });
  const [problem] = answer.errors ?? [];
  if (problem !== undefined) throw new DomainError('NOT_FOUND', problem.message);
  return answer.data?.rebalanceRun.inputs ?? [];
}

/**
 * Each host's plan. Another policy takes its defaults, since the run's parameters and memory are not its own; `settings` change
 * single parameters of either.
 */
export function replay(
  inputs: readonly StoredInputs[],
  policy: string | undefined,
  settings: Readonly<Record<string, unknown>>,
): ReplayedHost[] {
  return inputs.map((host) => {
    const isOther = policy !== undefined && policy !== host.policy;
    const name = policy ?? host.policy;
    const parameters = { ...(isOther ? {} : (host.parameters as Record<string, unknown>)), ...settings };
    const memory = isOther ? null : host.memory;
    return { hostId: host.hostId, policy: name, plan: decide({ policy: name, parameters, view: host.view, memory }) };
  });
}

interface ApiAnswer {
  readonly data?: { readonly rebalanceRun: { readonly inputs: StoredInputs[] } } | null;
  readonly errors?: readonly { readonly message: string }[];
}

async function askApi(url: string, body: object): Promise<ApiAnswer> {
  try {
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    return (await response.json()) as ApiAnswer;
  } catch (error) {
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause.message : String(error);
    throw new DomainError(
      'UNAVAILABLE',
      `--url must name a GraphQL API of Ballast that answers; ${url} said: ${cause}`,
    );
  }
}
