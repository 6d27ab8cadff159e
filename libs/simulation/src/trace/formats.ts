/** The reader of each format. */
import type { TraceFormat } from '#contracts';
import { readAzure } from './azure.js';
import { readBallast } from './ballast-format.js';
import { readGoogle } from './google-2011.js';
import { readGwa } from './gwa-t-12.js';
import type { FormatReader } from './trace-reading.js';

export const FORMAT_READERS: Readonly<Record<TraceFormat, FormatReader>> = {
  GWA_T_12: readGwa,
  AZURE_V2: readAzure,
  GOOGLE_2011: readGoogle,
  BALLAST: readBallast,
};

export const MOST_PROBLEMS = 20;
