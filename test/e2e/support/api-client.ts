import { createClient, type Client } from 'graphql-ws';
import WebSocket from 'ws';

export type Variables = Record<string, unknown>;

interface Answer<Data> {
  readonly data?: Data | null;
  readonly errors?: readonly { readonly message: string; readonly extensions?: { readonly code?: string } }[];
}

/** A GraphQL answer with errors, as a client gets it. */
export class ApiError extends Error {
  constructor(
    readonly code: string | undefined,
    message: string,
  ) {
    super(`${code ?? 'no code'}: ${message}`);
  }
}

/** What arrives on a subscription, from the moment it stands. */
export interface Feed<Data> {
  readonly events: readonly Data[];
  close(): void;
}

/** Asks and listens as any client would: HTTP for queries and mutations, graphql-ws for subscriptions. */
export class ApiClient {
  #socket: Client | undefined;

  constructor(readonly url: string) {}

  async ask<Data>(query: string, variables: Variables = {}): Promise<Data> {
    const response = await fetch(this.url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ query, variables }),
    });
    const answer = (await response.json()) as Answer<Data>;
    const [error] = answer.errors ?? [];
    if (error !== undefined) throw new ApiError(error.extensions?.code, error.message);
    if (answer.data === undefined || answer.data === null) throw new Error('an answer without data');
    return answer.data;
  }

  /** Listens until it is closed; whatever goes wrong on the way is thrown by the next look at `events`. */
  listen<Data>(query: string, variables: Variables): Feed<Data> {
    this.#socket ??= createClient({ url: this.url.replace(/^http/, 'ws'), webSocketImpl: WebSocket, lazy: false });
    const events: Data[] = [];
    let failure: unknown;
    const close = this.#socket.subscribe<Data>(
      { query, variables },
      {
        next: ({ data, errors }) => {
          if (data === null || data === undefined) failure = new Error(JSON.stringify(errors));
          else events.push(data);
        },
        error: (error) => (failure = error),
        complete: () => undefined,
      },
    );
    return {
      get events() {
        if (failure !== undefined) throw new Error(`the subscription broke: ${JSON.stringify(failure)}`);
        return events;
      },
      close,
    };
  }

  async close(): Promise<void> {
    await this.#socket?.dispose();
    this.#socket = undefined;
  }
}
