/**
 * What the guest's software wants of its memory, tick by tick. A workload says how much anonymous memory it needs and how fast
 * its page cache grows; the guest turns that into pages (memory-user.ts).
 */
export interface Demand {
  /** Anonymous memory that processes need. */
  anonPages: number;
  /** Pages that reading and writing files adds to the cache in one tick; a fraction is carried on. */
  cacheGrowthPages: number;
  /** Share of a fall of anonymous memory that is given back: a process that ends frees its memory, an allocator keeps it. */
  releaseRatio: number;
}

export interface Workload {
  /** Fills `demand` for the tick that begins `ageTicks` after the guest's birth. */
  demandAt(ageTicks: number, demand: Demand): void;
  /** Page cache that the guest has gathered before it is looked at for the first time. */
  readonly initialCachePages: number;
}

export const IDLE_WORKLOAD: Workload = {
  initialCachePages: 0,
  demandAt(_ageTicks, demand) {
    demand.anonPages = 0;
    demand.cacheGrowthPages = 0;
    demand.releaseRatio = 0;
  },
};
