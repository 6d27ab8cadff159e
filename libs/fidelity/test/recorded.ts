/** The recordings beside this file, replayed once each. */
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { compare, parseRecording, replay, type Comparison, type Recording, type Replay } from '../src/index.js';

export interface Replayed {
  readonly recording: Recording;
  readonly replay: Replay;
  readonly comparisons: readonly Comparison[];
}

const replays = new Map<string, Replayed>();

export function readRecording(name: string): Recording {
  const path = new URL(`./recordings/${name}.json.gz`, import.meta.url);
  return parseRecording(JSON.parse(gunzipSync(readFileSync(path)).toString()), name);
}

export function replayed(name: string): Replayed {
  let known = replays.get(name);
  if (known === undefined) {
    const recording = readRecording(name);
    const simulated = replay(recording);
    known = { recording, replay: simulated, comparisons: compare(recording, simulated) };
    replays.set(name, known);
  }
  return known;
}
