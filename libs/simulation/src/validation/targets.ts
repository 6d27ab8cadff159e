/** Published experiments, in the order in which each rests on those before it: mechanism first, then policies, then fleets. */
import { BALLOON_OR_SWAP } from './balloon-or-swap.js';
import { COLD_MEMORY } from './cold-memory.js';
import { BUILD_FOOTPRINT, BUILD_FRAGMENTATION, BUILD_RETENTION } from './hyperalloc/build-footprint.js';
import { RENDER } from './hyperalloc/render.js';
import { RESIZE } from './hyperalloc/resize.js';
import { THREE_BUILDERS } from './hyperalloc/three-builders.js';
import { IDLE_SAMPLING } from './idle-sampling.js';
import { IDLE_TAX } from './idle-tax.js';
import { PAGING_CLIFF } from './paging-cliff.js';
import { PEAKS } from './peaks.js';
import { SQUEEZED_CONTAINER } from './squeezed-container.js';
import type { Target } from './target.js';
import { THP_SHARE } from './thp-share.js';
import { THRASH } from './thrash.js';
import { TOUCHED_MEMORY } from './touched-memory.js';
import { WINDOWS_PACKED } from './windows-packed.js';

export const TARGETS: readonly Target[] = [
  RESIZE,
  BUILD_FRAGMENTATION,
  BUILD_FOOTPRINT,
  BUILD_RETENTION,
  RENDER,
  THREE_BUILDERS,
  THP_SHARE,
  THRASH,
  BALLOON_OR_SWAP,
  PAGING_CLIFF,
  IDLE_TAX,
  COLD_MEMORY,
  IDLE_SAMPLING,
  TOUCHED_MEMORY,
  PEAKS,
  SQUEEZED_CONTAINER,
  WINDOWS_PACKED,
];
