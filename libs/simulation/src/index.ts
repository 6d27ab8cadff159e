export { demoFleet, type DemoFleet, type DemoGuest, type DemoHost } from './demo-fleet.js';
export { SAMPLE_EVERY_TICKS, ShardSimulation, type Advance } from './shard-simulation.js';
export type { SimulatedGuest } from './simulated-guest.js';
export { readTrace, READABLE_FORMATS } from './trace/read-trace.js';
export type { TraceFile, TraceProblem, TraceReading } from './trace/trace-reading.js';
