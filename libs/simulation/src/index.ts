export { SAMPLE_EVERY_TICKS, ShardSimulation, type Advance, type SimulatedGuest } from './shard-simulation.js';
