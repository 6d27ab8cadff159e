/** Fields of a NUMA node: offsets into its row of Memory.nodes (Int32). A row starts at node × NODE_FIELDS. */

/** kswapd: consecutive runs without progress; at 16 the node is hopeless. */
export const N_KSWAPD_FAILURES = 0;
export const MAX_KSWAPD_FAILURES = 16;
/** What kswapd was last asked for: largest order and highest zone type + 1 (0: not asked). */
export const N_KSWAPD_ORDER = 1;
export const N_KSWAPD_HIGHEST_TYPE_PLUS_ONE = 2;
/** What kcompactd was last asked for: largest order (0: asleep) and highest zone type. */
export const N_KCOMPACTD_ORDER = 4;
export const N_KCOMPACTD_HIGHEST_TYPE = 5;
/** Proactive compaction: checks of 500 ms still to skip. */
export const N_PROACTIVE_SKIPS = 6;
/** 1 while kswapd takes its nap of 100 ms after a run, before it sleeps in earnest. */
export const N_KSWAPD_NAPS = 3;
/** 1 while kcompactd was woken and has not run. */
export const N_KCOMPACTD_WOKEN = 8;
/** nr_balloon_pages where the release counts them: inflated minus deflated here, wherever pages have moved since. */
export const N_BALLOON_PAGES = 9;
/** What writing anonymous pages out has cost lately, in units of reclaim/cost.ts. */
export const N_ANON_COST = 10;
/** File pages that had come back to the active list when the node was last reclaimed (workingset_activate_file). */
export const N_SEEN_FILE_REFAULTS = 11;
/** 32 words; free: 7, 12 … 31. */
export const NODE_FIELDS = 32;
