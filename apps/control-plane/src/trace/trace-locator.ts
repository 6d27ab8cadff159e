import type { TraceFormat } from '#contracts';
import { TraceCopies, Traces, importedTraceId } from '#persistence';
import type { Configuration } from '#platform';
import { Inject, Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { CONFIGURATION } from '../configuration.js';
import { found } from '../errors/found.js';
import { badInput } from '../limits/checks.js';
import { locateTrace } from './trace-files.js';

/** Where the traces of a spec are on this machine: below the trace folder, or a copy of an imported one. */
@Injectable()
export class TraceLocator implements OnApplicationShutdown {
  readonly #copies: TraceCopies;

  constructor(
    private readonly traces: Traces,
    @Inject(CONFIGURATION) private readonly configuration: Configuration,
  ) {
    this.#copies = new TraceCopies(traces);
  }

  /** Throws DomainError BAD_INPUT or NOT_FOUND naming `field`. */
  async locate(
    { path, format }: { readonly path: string; readonly format: TraceFormat },
    field: string,
  ): Promise<string> {
    const id = importedTraceId(path);
    if (id === null) return locateTrace(this.configuration.traceDir, path, field);
    const [row] = await this.traces.find([id]);
    const trace = found('a trace', field, id, row);
    if (trace.format !== format)
      throw badInput(field, `of a trace in the format of the source; ${trace.name} is ${trace.format}`, format);
    return this.#copies.pathOf(id);
  }

  onApplicationShutdown(): Promise<void> {
    return this.#copies.remove();
  }
}
