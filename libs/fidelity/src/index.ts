export { compare, overallVerdicts, verdicts, type Comparison, type Verdict } from './compare.js';
export type { Observation } from './observe.js';
export { parseRecording, type Recording } from './recording.js';
export { replay, type Replay, type ReplayedStep } from './replay.js';
