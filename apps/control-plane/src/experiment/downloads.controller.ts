import { DomainError } from '#contracts';
import { Experiments, type ExperimentRecord } from '#persistence';
import { answerCsv, type ExperimentAnswer } from '#simulation';
import { Controller, Get, Header, Param, UseFilters } from '@nestjs/common';
import { found } from '../errors/found.js';
import { HttpErrorFilter } from '../errors/http-error.filter.js';
import { DOWNLOADS_PATH, FILES } from './downloads.js';
import { ReportMaker } from './report-maker.js';

/** A report runs its own few lines and shows its own plots; it may ask for nothing. */
const NOTHING_FROM_ELSEWHERE = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'";

/** The answer of an experiment as files: the same bytes as the command line writes. */
@Controller(DOWNLOADS_PATH)
@UseFilters(HttpErrorFilter)
export class DownloadsController {
  constructor(
    private readonly questions: Experiments,
    private readonly reports: ReportMaker,
  ) {}

  @Get(`:id/${FILES.report}`)
  @Header('content-type', 'text/html; charset=utf-8')
  @Header('content-security-policy', NOTHING_FROM_ELSEWHERE)
  async report(@Param('id') id: string): Promise<string> {
    const { experiment, answer } = await this.#answered(id);
    return this.reports.make(experiment, answer);
  }

  @Get(`:id/${FILES.csv}`)
  @Header('content-type', 'text/csv; charset=utf-8')
  @Header('content-disposition', `attachment; filename="${FILES.csv}"`)
  async csv(@Param('id') id: string): Promise<string> {
    return answerCsv((await this.#answered(id)).answer);
  }

  @Get(`:id/${FILES.json}`)
  @Header('content-type', 'application/json; charset=utf-8')
  async json(@Param('id') id: string): Promise<string> {
    return `${JSON.stringify((await this.#answered(id)).answer, null, 2)}\n`;
  }

  /** Throws DomainError NOT_FOUND, or CONFLICT while there is no answer. */
  async #answered(id: string): Promise<{ experiment: ExperimentRecord; answer: ExperimentAnswer }> {
    const [row] = await this.questions.find([id]);
    const experiment = found('an experiment', 'id', id, row);
    const answer = (await this.questions.answersOf([id])).get(id) as ExperimentAnswer | undefined;
    if (answer !== undefined) return { experiment, answer };
    throw new DomainError('CONFLICT', `id: the experiment has no answer (${experiment.status})`, 'id');
  }
}
