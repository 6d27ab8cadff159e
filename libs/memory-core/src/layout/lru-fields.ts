/**
 * Words of Memory.lru (Float64): the generations of the multi-generational LRU, for the whole machine. Kinds of page are 0,
 * anonymous, and 1, file. Without that LRU all words are 0.
 */
const LRU_KINDS = 2;
/** How many generations there can be at once; each owner has a list for each. */
export const MAX_GENERATIONS = 4;
/** What is in the two youngest generations counts as active. */
export const MIN_GENERATIONS = 2;
/** Classes of use through file descriptors: once, twice, up to four times, more. */
export const TIERS = 4;

/** Number of the youngest generation. */
export const LRU_MAX_SEQ = 0;
/** Number of the oldest generation of a kind: LRU_MIN_SEQ + kind. */
export const LRU_MIN_SEQ = 1;
/** Batches taken from owners' lists so far: decides whose turn it is. */
export const LRU_TURN = 3;
/** When generation n began, on the guest's clock in ms: LRU_BORN + n mod 4. */
export const LRU_BORN = 4;
/** The owners' list that holds generation n of a kind: LRU_LISTS + kind × 4 + n mod 4. */
export const LRU_LISTS = 8;
/** What became of pages of a kind and tier: LRU_TIERS + (kind × 4 + tier) × TIER_FIELDS. */
export const LRU_TIERS = 16;
export const TIER_FIELDS = 5;
/** Since the oldest generation became the oldest: came back, were evicted, were spared. */
export const T_REFAULTED = 0;
export const T_EVICTED = 1;
export const T_PROTECTED = 2;
/** Moving averages over the generations before. */
export const T_AVERAGE_REFAULTED = 3;
export const T_AVERAGE_TOTAL = 4;
export const LRU_FIELDS = LRU_TIERS + LRU_KINDS * TIERS * TIER_FIELDS;
