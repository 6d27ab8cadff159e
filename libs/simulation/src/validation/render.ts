/** E5: a renderer that runs three times, with rest between: does the host get its memory back, and does it drift? */
import { Guest } from '#guest';
import { createOwner, destroyOwner, growOwner, readUsage, type Memory } from '#memory-core';
import { GIB, MIB, PAGE_SIZE_BYTES } from '#units';
import { builderOptions } from './builder-guest.js';
import { near, type Target } from './target.js';

const GIB_PAGES = GIB / PAGE_SIZE_BYTES;
const MIB_PAGES = MIB / PAGE_SIZE_BYTES;
const RUNS = 3;
const RUN_SEC = 492;
const REST_SEC = 360;
/** The scene is loaded in the first minute; then its threads take and free working memory. */
const SCENE_PAGES = 6.2 * GIB_PAGES;
const LOAD_SEC = 60;
const FRAME_PAGES = GIB_PAGES;
const FRAME_SEC = 12;
/** Pages of the kernel's caches and of files that stay after each second of work (guesses). */
const SLAB_PAGES_PER_SEC = 24;
const FILE_PAGES_PER_SEC = (0.6 * MIB_PAGES) | 0;

interface Rest {
  readonly usedGib: number;
  readonly residentGib: number;
}

export const RENDER: Target = {
  id: 'E5',
  title: 'A renderer that comes and goes',
  origin:
    'HyperAlloc (Wrenger et al., EuroSys 2025), data of luhsra/hyperalloc-bench: SPEC blender, three runs of 8.2 minutes, 6 minutes apart',
  setup:
    'One guest of 16 GiB with free page reporting; a scene of 6.2 GiB and 1 GiB of working memory for each frame. How much the kernel and the page cache keep of each run is a guess.',
  missed:
    'what stays behind in the published runs is spread more widely than here: there the rest of the system is at work, too.',
  run: () => {
    const { peakGib, rests } = render();
    const resident = rests.map(({ residentGib }) => residentGib);
    return [
      near('used while rendering (GiB)', 7.97, 1, peakGib),
      near('resident at rest, after the first run (GiB)', 3.5, 1, resident[0] ?? 0),
      near('resident at rest, after the second run (GiB)', 4.8, 1, resident[1] ?? 0),
      near('resident at rest, after the third run (GiB)', 5.6, 1, resident[2] ?? 0),
      {
        figure: 'drift from the first rest to the third (GiB)',
        published: 2.1,
        ours: (resident[2] ?? 0) - (resident[0] ?? 0),
        accept: { low: 0.05, high: 4 },
      },
    ];
  },
};

function render(): { readonly peakGib: number; readonly rests: readonly Rest[] } {
  const guest = Guest.boot(builderOptions(true), 0);
  const { memory } = guest;
  const files = createOwner(memory, 'FILE');
  const slab = createOwner(memory, 'SLAB_RECLAIMABLE');
  const rests: Rest[] = [];
  let peak = 0;
  for (let run = 0; run < RUNS; run++) {
    const scene = createOwner(memory, 'ANON');
    let frame = createOwner(memory, 'ANON');
    for (let second = 0; second < RUN_SEC; second++) {
      if (second < LOAD_SEC) growOwner(memory, scene, Math.floor(SCENE_PAGES / LOAD_SEC));
      else frame = work(memory, frame, second);
      growOwner(memory, files, FILE_PAGES_PER_SEC);
      growOwner(memory, slab, SLAB_PAGES_PER_SEC);
      guest.advance();
      peak = Math.max(peak, usedGib(memory));
    }
    destroyOwner(memory, scene);
    destroyOwner(memory, frame);
    for (let second = 0; second < REST_SEC; second++) guest.advance();
    rests.push({ usedGib: usedGib(memory), residentGib: gib(readUsage(memory).residentPages) });
  }
  return { peakGib: peak, rests };
}

/** A second of a frame; its memory goes when the frame is done. Returns the owner of the frame in work. */
function work(memory: Memory, frame: number, second: number): number {
  let owner = frame;
  if (second % FRAME_SEC === 0) {
    destroyOwner(memory, frame);
    owner = createOwner(memory, 'ANON');
  }
  growOwner(memory, owner, Math.floor(FRAME_PAGES / FRAME_SEC));
  return owner;
}

function usedGib(memory: Memory): number {
  const { totalPages, freePages } = readUsage(memory);
  return gib(totalPages - freePages);
}

function gib(pages: number): number {
  return (pages * PAGE_SIZE_BYTES) / GIB;
}
