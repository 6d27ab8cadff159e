import { CellThread } from '#cells';
import { DomainError } from '#contracts';
import { Experiments, type ExperimentRecord } from '#persistence';
import type { Configuration } from '#platform';
import type { CellResult, ExperimentAnswer, ExperimentSpec } from '#simulation';
import { Inject, Injectable } from '@nestjs/common';
import { CONFIGURATION } from '../configuration.js';
import { locateTrace } from '../trace/trace-files.js';

/** Reports that wait for the one that is being made. */
const MOST_WAITING = 8;

/** Makes reports one after the other, each on a thread: plots of megabytes of cells are no work for the API's event loop. */
@Injectable()
export class ReportMaker {
  #last: Promise<unknown> = Promise.resolve();
  #waiting = 0;

  constructor(
    private readonly questions: Experiments,
    @Inject(CONFIGURATION) private readonly configuration: Configuration,
  ) {}

  /** Throws DomainError LIMIT_EXCEEDED when too many wait already, CONFLICT when the traces cannot be read any more. */
  async make(experiment: ExperimentRecord): Promise<string> {
    if (this.#waiting >= MOST_WAITING) {
      throw new DomainError('LIMIT_EXCEEDED', `reports that are made at a time must be at most ${MOST_WAITING}`);
    }
    this.#waiting++;
    const mine = this.#last.then(() => this.#make(experiment)).finally(() => this.#waiting--);
    // Whoever comes next waits for the end of this one, however it ends.
    this.#last = mine.catch(() => undefined);
    return mine;
  }

  async #make({ id, spec, tracePath, answer }: ExperimentRecord): Promise<string> {
    const path = tracePath === null ? null : await locateTrace(this.configuration.traceDir, tracePath, 'id');
    const results = (await this.questions.resultsOf(id)) as readonly CellResult[];
    const thread = new CellThread({ spec: spec as ExperimentSpec, index: null, tracePath: path });
    try {
      const problem = await thread.check();
      if (problem !== null) throw new DomainError('CONFLICT', `the report shows the traces: ${problem}`, 'id');
      return await thread.report({ answer: answer as ExperimentAnswer, results });
    } finally {
      await thread.stop();
    }
  }
}
