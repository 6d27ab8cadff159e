import { LaunchError } from '../launch-error.js';

/** Asks the fleet's own GraphQL API. */
export class ApiClient {
  constructor(readonly url: string) {}

  /** The answer's data. Throws LaunchError with the first thing the API objects to. */
  async ask<Data>(query: string, variables: Record<string, unknown> = {}): Promise<Data> {
    const response = await fetch(this.url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ query, variables }),
    }).catch((error: unknown) => {
      throw new LaunchError(`${this.url} does not answer: ${String(error)}`);
    });
    const answer = (await response.json()) as { data?: Data; errors?: { message: string }[] };
    const problem = answer.errors?.[0];
    if (problem !== undefined || answer.data == null)
      throw new LaunchError(problem?.message ?? `${this.url} gave no data`);
    return answer.data;
  }
}
