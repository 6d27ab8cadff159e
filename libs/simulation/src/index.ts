export { SAMPLE_EVERY_TICKS, ShardSimulation, type Advance } from './shard-simulation.js';
export type { SimulatedGuest } from './simulated-guest.js';
