import type { TraceFormat } from '#contracts';
import type { Trace } from '../generated/client.js';

export interface TraceRecord {
  readonly id: string;
  readonly name: string;
  readonly format: TraceFormat;
  readonly vmCount: number;
  readonly rowCount: number;
  readonly createdAt: Date;
}

export function toTrace(row: Trace): TraceRecord {
  return {
    id: row.id,
    name: row.name,
    format: row.format as TraceFormat,
    vmCount: row.vmCount,
    rowCount: row.rowCount,
    createdAt: row.createdAt,
  } satisfies Record<keyof Trace, unknown>;
}
