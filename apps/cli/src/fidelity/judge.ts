import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { DomainError } from '#contracts';
import { compare, parseRecording, replay, verdicts, type Comparison, type Recording, type Verdict } from '#fidelity';

/** What became of one recording. */
export interface Judgement {
  readonly name: string;
  readonly kernel: string;
  readonly note: string;
  readonly holds: boolean;
  readonly verdicts: readonly Verdict[];
  readonly comparisons: readonly Comparison[];
  /** Steps that the replay does not know: what follows them is not comparable. */
  readonly skipped: readonly string[];
  /** Labels of the steps, for the plots. */
  readonly steps: readonly string[];
}

const GZIP = [0x1f, 0x8b] as const;

/** Throws DomainError BAD_INPUT when the file is no recording. */
export function judge(path: string): Judgement {
  const recording = read(path);
  const replayed = replay(recording);
  const comparisons = compare(recording, replayed);
  const found = verdicts(comparisons);
  const skipped = replayed.steps.filter(({ isDone }) => !isDone).map(({ index, op, args }) => label(index, op, args));
  return {
    name: recording.name,
    kernel: recording.kernel,
    note: recording.note,
    holds: skipped.length === 0 && found.every(({ holds }) => holds),
    verdicts: found,
    comparisons,
    skipped,
    steps: recording.steps.map(({ op, args }, index) => label(index, op, args)),
  };
}

function read(path: string): Recording {
  try {
    const bytes = readFileSync(path);
    const text = bytes[0] === GZIP[0] && bytes[1] === GZIP[1] ? gunzipSync(bytes) : bytes;
    return parseRecording(JSON.parse(text.toString()), basename(path).replace(/\.json(\.gz)?$/, ''));
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new DomainError('BAD_INPUT', `${path} must be a recording, as JSON or gzipped JSON: ${reason}`);
  }
}

function label(index: number, op: string, args: Readonly<Record<string, unknown>>): string {
  return `${index} ${op} ${Object.values(args).join(' ')}`.trimEnd();
}
