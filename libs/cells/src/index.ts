export { CellThread } from './cell-thread.js';
export { openExperiment, type Experiment } from './open-experiment.js';
