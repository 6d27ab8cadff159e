/** `ballast trace …`: what guests of a running fleet lived through, as a trace that experiments read. */
import { appendFileSync, writeFileSync } from 'node:fs';
import { Command, Option } from 'commander';
import { DomainError } from '#contracts';
import { loadConfiguration } from '#platform';
import { ApiClient } from '../api-client.js';

interface ExportOptions {
  readonly guest: readonly string[];
  readonly out?: string;
  readonly url?: string;
}

interface TracePage {
  readonly csv: string;
  readonly rowCount: number;
  readonly hasNextPage: boolean;
  readonly endCursor: string | null;
}

const QUERY = `query ($id: ID!, $after: String) {
  guest(id: $id) { trace(after: $after) { csv rowCount hasNextPage endCursor } }
}`;

export function traceCommand(): Command {
  const command = new Command('trace').description('traces for experiments');
  command
    .command('export')
    .description('write the history of guests as one trace in the BALLAST format: vm,timeMs,bytes,assignedBytes')
    .addOption(
      new Option('--guest <id>', 'a guest; may be repeated')
        .makeOptionMandatory()
        .argParser((id: string, before: readonly string[] | undefined) => [...(before ?? []), id]),
    )
    .option('--out <file>', 'where to write it; standard output when left out')
    .addOption(
      new Option('--url <url>', 'the GraphQL API of the fleet; the one on this machine, at PORT, when left out'),
    )
    .action(exportTrace);
  return command;
}

async function exportTrace({ guest, out, url }: ExportOptions): Promise<void> {
  const api = new ApiClient(url ?? `http://127.0.0.1:${loadConfiguration().port}/graphql`);
  const write = out === undefined ? (text: string) => void process.stdout.write(text) : writerTo(out);
  const ids = [...new Set(guest)];
  let rows = 0;
  for (const [at, id] of ids.entries()) {
    for await (const page of pagesOf(api, id)) {
      // Each guest's first page brings the header; one file has it once.
      write(page.isFirst && at > 0 ? page.csv.slice(page.csv.indexOf('\n') + 1) : page.csv);
      rows += page.rowCount;
    }
  }
  console.error(`${rows} rows of ${ids.length} ${ids.length === 1 ? 'guest' : 'guests'}`);
}

type NumberedPage = TracePage & { readonly isFirst: boolean };

async function* pagesOf(api: ApiClient, id: string): AsyncGenerator<NumberedPage> {
  let after: string | null = null;
  for (;;) {
    const { guest }: { guest: { trace: TracePage } } = await api.ask(QUERY, { id, after });
    yield { ...guest.trace, isFirst: after === null };
    if (!guest.trace.hasNextPage) return;
    after = guest.trace.endCursor;
  }
}

function writerTo(path: string): (text: string) => void {
  try {
    writeFileSync(path, '');
  } catch (error) {
    throw new DomainError('BAD_INPUT', `--out: cannot write ${path}: ${error instanceof Error ? error.message : ''}`);
  }
  return (text) => appendFileSync(path, text);
}
