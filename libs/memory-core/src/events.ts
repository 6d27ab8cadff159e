/**
 * Event counters of /proc/vmstat that the core counts, as indexes into Memory.events (Float64, exact to 2^53).
 * The names Linux prints them under are in vmstat.ts.
 */
export const EV_PGALLOC = 0; // … 3: pgalloc_{dma,dma32,normal,movable}
export const EV_PGFREE = 4;
export const EV_BALLOON_INFLATE = 5;
export const EV_BALLOON_DEFLATE = 6;
export const EV_COUNT = 16;
