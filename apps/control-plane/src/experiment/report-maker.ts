import { CellThread } from '#cells';
import { DomainError } from '#contracts';
import { Experiments, type ExperimentRecord } from '#persistence';
import type { CellResult, ExperimentAnswer, ExperimentSpec } from '#simulation';
import { Injectable } from '@nestjs/common';
import { OneByOne } from '../limits/one-by-one.js';
import { TraceLocator } from '../trace/trace-locator.js';

/** Makes reports one after the other, each on a thread: plots of megabytes of cells are no work for the API's event loop. */
@Injectable()
export class ReportMaker {
  readonly #reports = new OneByOne('reports that are made');

  constructor(
    private readonly questions: Experiments,
    private readonly traces: TraceLocator,
  ) {}

  /** Throws DomainError LIMIT_EXCEEDED when too many wait already, CONFLICT when the traces cannot be read any more. */
  make(experiment: ExperimentRecord, answer: ExperimentAnswer): Promise<string> {
    return this.#reports.run(() => this.#make(experiment, answer));
  }

  async #make({ id, spec }: ExperimentRecord, answer: ExperimentAnswer): Promise<string> {
    const { source } = (spec as ExperimentSpec).guests;
    const path = source.kind === 'traces' ? await this.traces.locate(source, 'id') : null;
    const results = (await this.questions.resultsOf(id)) as readonly CellResult[];
    const thread = new CellThread({ spec: spec as ExperimentSpec, index: null, tracePath: path });
    try {
      const problem = await thread.check();
      if (problem !== null) throw new DomainError('CONFLICT', `the report shows the traces: ${problem}`, 'id');
      return await thread.report({ answer, results });
    } finally {
      await thread.stop();
    }
  }
}
