export { initialState, type InitialState } from './initial-state.js';
export { parseRecording, type Recording } from './recording.js';
