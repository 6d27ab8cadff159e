import { DomainError } from './errors.js';

/** Questions that only the owner of a guest can answer; each answer says which tick it shows. */
export const PROC_FILES = [
  'BUDDYINFO',
  'PAGETYPEINFO',
  'VMSTAT',
  'MEMINFO',
  'ZONEINFO',
  'EXTFRAG_INDEX',
  'UNUSABLE_INDEX',
  'PRESSURE_MEMORY',
] as const;
export type ProcFile = (typeof PROC_FILES)[number];

/** Cells of a page map at most. */
export const MAX_PAGE_MAP_COLUMNS = 4096;

export type InspectionQuestion =
  { readonly kind: 'PROCFS'; readonly file: ProcFile } | { readonly kind: 'PAGE_MAP'; readonly columns: number };

export interface ProcText {
  readonly tick: number;
  readonly text: string;
}

/** What the pages of a guest are, in cells of equal size from page 0 up. */
export interface PageMapAnswer {
  readonly tick: number;
  readonly pagesPerCell: number;
  /** By cell: shares of free, balloon, movable, unmovable, reclaimable and offline pages, 0 to 1. Holes are none of these. */
  readonly cells: readonly (readonly number[])[];
}

export interface InspectionAnswers {
  readonly PROCFS: ProcText;
  readonly PAGE_MAP: PageMapAnswer;
}

export type InspectionAnswer = InspectionAnswers[InspectionQuestion['kind']];

/** Parses a question that came over the queue; throws DomainError BAD_INPUT that names the field. */
export function parseQuestion(data: unknown): InspectionQuestion {
  const record = typeof data === 'object' && data !== null ? (data as Record<string, unknown>) : {};
  switch (record['kind']) {
    case 'PROCFS': {
      const file = PROC_FILES.find((name) => name === record['file']);
      if (file === undefined) throw bad('question.file', PROC_FILES.join(', '), record['file']);
      return { kind: 'PROCFS', file };
    }
    case 'PAGE_MAP': {
      const columns = record['columns'];
      if (typeof columns === 'number' && Number.isInteger(columns) && columns >= 1 && columns <= MAX_PAGE_MAP_COLUMNS) {
        return { kind: 'PAGE_MAP', columns };
      }
      throw bad('question.columns', `from 1 to ${MAX_PAGE_MAP_COLUMNS}`, columns);
    }
    default:
      throw bad('question.kind', 'PROCFS or PAGE_MAP', record['kind']);
  }
}

function bad(field: string, accepted: string, got: unknown): DomainError {
  const shown = got === undefined ? 'nothing' : JSON.stringify(got);
  return new DomainError('BAD_INPUT', `job field ${field} must be ${accepted}, got ${shown}`, field);
}
