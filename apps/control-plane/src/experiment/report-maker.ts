import { CellThread } from '#cells';
import { DomainError } from '#contracts';
import { Experiments, type ExperimentRecord } from '#persistence';
import type { CellResult, ExperimentAnswer, ExperimentSpec } from '#simulation';
import { Injectable } from '@nestjs/common';
import { TraceLocator } from '../trace/trace-locator.js';

/** Reports that wait for the one that is being made. */
const MOST_WAITING = 8;

/** Makes reports one after the other, each on a thread: plots of megabytes of cells are no work for the API's event loop. */
@Injectable()
export class ReportMaker {
  #last: Promise<unknown> = Promise.resolve();
  #waiting = 0;

  constructor(
    private readonly questions: Experiments,
    private readonly traces: TraceLocator,
  ) {}

  /** Throws DomainError LIMIT_EXCEEDED when too many wait already, CONFLICT when the traces cannot be read any more. */
  async make(experiment: ExperimentRecord, answer: ExperimentAnswer): Promise<string> {
    if (this.#waiting >= MOST_WAITING) {
      throw new DomainError('LIMIT_EXCEEDED', `reports that are made at a time must be at most ${MOST_WAITING}`);
    }
    this.#waiting++;
    const mine = this.#last.then(() => this.#make(experiment, answer)).finally(() => this.#waiting--);
    // Whoever comes next waits for the end of this one, however it ends.
    this.#last = mine.catch(() => undefined);
    return mine;
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
