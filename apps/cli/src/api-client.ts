import { LaunchError } from './launch-error.js';

interface Answer<Data> {
  readonly data?: Data | null;
  readonly errors?: readonly { readonly message: string }[];
}

/** Asks the fleet's own GraphQL API. */
export class ApiClient {
  constructor(readonly url: string) {}

  /** The answer's data. Throws LaunchError with the first thing the API objects to, or with why it cannot be asked. */
  async ask<Data>(query: string, variables: Record<string, unknown> = {}): Promise<Data> {
    const answer = await this.#answerTo<Data>(JSON.stringify({ query, variables }));
    const problem = answer.errors?.[0];
    if (problem !== undefined || answer.data == null)
      throw new LaunchError(problem?.message ?? `${this.url} gave no data`);
    return answer.data;
  }

  async #answerTo<Data>(body: string): Promise<Answer<Data>> {
    try {
      const headers = { 'content-type': 'application/json' };
      const response = await fetch(this.url, { method: 'POST', headers, body });
      return (await response.json()) as Answer<Data>;
    } catch (error) {
      throw new LaunchError(`${this.url} does not answer as Ballast's API does: ${causeOf(error)}`);
    }
  }
}

/** What fetch says is "fetch failed"; why, its cause says. */
function causeOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? error.cause.message : error.message;
}
