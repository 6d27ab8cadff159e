import { DomainError } from '#contracts';
import { Traces, type TraceRecord } from '#persistence';
import type { Configuration } from '#platform';
import { readTrace, type TraceFile, type TraceProblem } from '#simulation';
import { Inject } from '@nestjs/common';
import { Args, Mutation, Query, Resolver } from '@nestjs/graphql';
import { CONFIGURATION } from '../configuration.js';
import { badInput, checkName } from '../limits/checks.js';
import { pageCost, toConnection, type ConnectionOf } from '../paging/connection.js';
import { PageArgs, toPageRequest } from '../paging/page-args.js';
import { readTraceFiles } from './trace-files.js';
import {
  DeleteTraceInput,
  DeleteTracePayload,
  ImportTraceInput,
  ImportTracePayload,
  Trace,
  TraceConnection,
} from './trace.model.js';

/** File systems take 255. */
const MOST_NAME_BYTES = 200;

@Resolver(() => Trace)
export class TraceResolver {
  constructor(
    private readonly questions: Traces,
    @Inject(CONFIGURATION) private readonly configuration: Configuration,
  ) {}

  @Query(() => TraceConnection, { complexity: pageCost })
  async traces(@Args() page: PageArgs): Promise<ConnectionOf<TraceRecord>> {
    return toConnection(await this.questions.list(toPageRequest(page)));
  }

  @Mutation(() => ImportTracePayload, { description: 'All of it or, when a row is wrong, nothing.' })
  async importTrace(@Args('input') input: ImportTraceInput): Promise<ImportTracePayload> {
    const name = checkName('input.name', input.name);
    const files = await this.#files(input);
    const reading = readTrace(input.format, files);
    if (reading.outcome === 'REJECTED') throw rejected(reading.problems);
    return {
      trace: await this.questions.import({
        name,
        format: input.format,
        series: reading.series,
        files: files.map(({ name: file, chunks }) => ({ name: file, text: [...chunks].join('') })),
      }),
    };
  }

  @Mutation(() => DeleteTracePayload, {
    description: 'Of a trace that no guest replays and no experiment shows in its report.',
  })
  async deleteTrace(@Args('input') { id }: DeleteTraceInput): Promise<DeleteTracePayload> {
    await this.questions.delete(id);
    return { deletedId: id };
  }

  async #files({ upload, path }: ImportTraceInput): Promise<TraceFile[]> {
    if ((upload == null) === (path == null)) {
      throw badInput('input', 'given either upload or path', upload == null ? 'neither' : 'both');
    }
    if (path != null) return readTraceFiles(this.configuration.traceDir, path);
    const files = upload ?? [];
    if (files.length === 0) throw badInput('input.upload', 'one file at least', []);
    const names = new Set(files.map((file) => checkFileName(file.name, files.length === 1)));
    if (names.size < files.length) throw badInput('input.upload', 'files of different names', [...names]);
    return files.map((file) => ({ name: file.name, chunks: [file.text] }));
  }
}

/** A plain name: files of several make a folder of CSV files. Throws DomainError BAD_INPUT. */
function checkFileName(name: string, isAlone: boolean): string {
  const isPlain =
    /^[^/\\\0]+$/.test(name) && Buffer.byteLength(name) <= MOST_NAME_BYTES && name !== '.' && name !== '..';
  if (isPlain && (isAlone || name.toLowerCase().endsWith('.csv'))) return name;
  throw badInput('input.upload', 'files with a plain name, ending in .csv when there are several', name);
}

function rejected(problems: readonly TraceProblem[]): DomainError {
  const lines = problems.map(({ file, line, message }) => `${file}${line > 0 ? ` line ${line}` : ''}: ${message}`);
  return new DomainError('BAD_INPUT', `the trace was not imported: ${lines.join('; ')}`, 'input');
}
