export interface ClientError {
  readonly message: string;
  readonly path?: readonly (string | number)[];
  readonly extensions: {
    readonly code: string;
    readonly field?: string;
    readonly problems?: readonly { readonly path: string; readonly message: string }[];
  };
}

export interface Answer {
  readonly status: number;
  readonly data: Record<string, unknown> | null;
  readonly errors: readonly ClientError[];
  readonly text: string;
}

/** Posts a query as a client does. */
export async function ask(url: string, query: string, variables: Record<string, unknown> = {}): Promise<Answer> {
  return post(url, JSON.stringify({ query, variables }));
}

export async function post(url: string, body: string, contentType = 'application/json'): Promise<Answer> {
  const response = await fetch(url, { method: 'POST', headers: { 'content-type': contentType }, body });
  const text = await response.text();
  const parsed = JSON.parse(text) as { data?: Answer['data']; errors?: Answer['errors'] };
  return { status: response.status, data: parsed.data ?? null, errors: parsed.errors ?? [], text };
}

/** Data of an answer without errors. */
export async function told<Data>(url: string, query: string, variables: Record<string, unknown> = {}): Promise<Data> {
  const answer = await ask(url, query, variables);
  if (answer.errors.length > 0) throw new Error(answer.text);
  return answer.data as Data;
}
