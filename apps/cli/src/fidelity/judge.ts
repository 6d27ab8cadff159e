import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { DomainError } from '#contracts';
import {
  compare,
  overallVerdicts,
  parseRecording,
  replay,
  verdicts,
  type Comparison,
  type Recording,
  type Replay,
  type Verdict,
} from '#fidelity';
import { InvariantError } from '#units';

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

export interface Judgements {
  readonly recordings: readonly Judgement[];
  /** Of the metrics that are judged over all of them. */
  readonly overall: readonly Verdict[];
  readonly holds: boolean;
}

const GZIP = [0x1f, 0x8b] as const;

/** Throws DomainError BAD_INPUT, before anything is replayed, when one of the files is no recording. */
export function judgeAll(paths: readonly string[]): Judgements {
  const files = paths.map((path) => ({ path, recording: read(path) }));
  const recordings = files.map(({ path, recording }) => {
    const siblings = files.map((file) => file.recording).filter((other) => isSibling(recording, other));
    return judge(path, recording, siblings);
  });
  const overall = overallVerdicts(recordings.flatMap(({ comparisons }) => comparisons));
  return { recordings, overall, holds: [...recordings, ...overall].every(({ holds }) => holds) };
}

function judge(path: string, recording: Recording, siblings: readonly Recording[]): Judgement {
  const { replayed, comparisons } = replayAndCompare(path, recording, siblings);
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

/** A recording may be whole and still contradict itself, which shows when a guest is built from it. */
function replayAndCompare(
  path: string,
  recording: Recording,
  siblings: readonly Recording[],
): { replayed: Replay; comparisons: Comparison[] } {
  try {
    const replayed = replay(recording);
    return { replayed, comparisons: compare(recording, replayed, { siblings }) };
  } catch (error) {
    if (!(error instanceof RangeError || error instanceof InvariantError)) throw error;
    throw badInput(path, `cannot be replayed: ${error.message}`);
  }
}

/** Recorded a second time: `-r2` at the end of the name says so. */
function isSibling(recording: Recording, other: Recording): boolean {
  const runOf = ({ name }: Recording): string => name.replace(/-r\d+$/, '');
  return other !== recording && runOf(other) === runOf(recording) && other.kernel === recording.kernel;
}

function read(path: string): Recording {
  const text = textOf(path);
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    throw badInput(path, `must be JSON or gzipped JSON: ${reasonOf(error)}`);
  }
  try {
    return parseRecording(json, basename(path).replace(/\.json(\.gz)?$/, ''));
  } catch (error) {
    throw badInput(path, `is no recording: ${reasonOf(error)}`);
  }
}

function textOf(path: string): string {
  try {
    const bytes = readFileSync(path);
    return (bytes[0] === GZIP[0] && bytes[1] === GZIP[1] ? gunzipSync(bytes) : bytes).toString();
  } catch (error) {
    throw badInput(path, `cannot be read: ${reasonOf(error)}`);
  }
}

function badInput(path: string, reason: string): DomainError {
  return new DomainError('BAD_INPUT', `${path} ${reason}`);
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error).replace(/^Error: /, '');
}

function label(index: number, op: string, args: Readonly<Record<string, unknown>>): string {
  return `${index} ${op} ${Object.values(args).join(' ')}`.trimEnd();
}
