/** E5: a renderer that runs three times, with rest between: does the host get its memory back, and does it drift? */
import { Guest } from '#guest';
import { createOwner, destroyOwner, growOwner, readUsage, type Memory } from '#memory-core';
import { GIB, PAGE_SIZE_BYTES } from '#units';
import { builderOptions } from './builder-guest.js';
import { near, type Target } from './target.js';

const GIB_PAGES = GIB / PAGE_SIZE_BYTES;
const RUNS = 3;
const RUN_SEC = 492;
const REST_SEC = 360;
/** The scene is loaded in the first minute; then its threads take and free working memory. */
const SCENE_PAGES = 6.2 * GIB_PAGES;
const LOAD_SEC = 60;
const FRAME_PAGES = GIB_PAGES;
const FRAME_SEC = 12;
/** Turns in a second in which everybody gets a little: how finely their pages are mixed. */
const TURNS = 12;
/** Pages of files and of the kernel's caches that stay (0.6 MiB and 100 KiB a second; guesses). */
const FILE_PAGES_PER_TURN = 13;
/** From the second run on the scene is in the page cache: only what is written is new. */
const WRITTEN_PAGES_PER_TURN = 7;
const SLAB_PAGES_PER_TURN = 2;

export const RENDER: Target = {
  id: 'E5',
  title: 'A renderer that comes and goes',
  origin:
    'HyperAlloc (Wrenger et al., EuroSys 2025), data of luhsra/hyperalloc-bench: SPEC blender, three runs of 8.2 minutes, 6 minutes apart',
  setup:
    'One guest of 16 GiB with free page reporting; a scene of 6.2 GiB and 1 GiB of working memory for each frame. How much the kernel and the page cache keep of each run is a guess.',
  missed: 'how much of each run stays, and how finely it is mixed with what goes, is not published.',
  run: () => {
    const { peakGib, rests: resident } = render();
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

function render(): { readonly peakGib: number; readonly rests: readonly number[] } {
  const guest = Guest.boot(builderOptions(true), 0);
  const { memory } = guest;
  const files = createOwner(memory, 'FILE');
  const slab = createOwner(memory, 'SLAB_RECLAIMABLE');
  const rests: number[] = [];
  let peak = 0;
  for (let run = 0; run < RUNS; run++) {
    const scene = createOwner(memory, 'ANON');
    let frame = createOwner(memory, 'ANON');
    for (let second = 0; second < RUN_SEC; second++) {
      const isLoading = second < LOAD_SEC;
      if (!isLoading && second % FRAME_SEC === 0) frame = nextFrame(memory, frame);
      for (let turn = 0; turn < TURNS; turn++) {
        if (isLoading) growOwner(memory, scene, Math.floor(SCENE_PAGES / LOAD_SEC / TURNS));
        else growOwner(memory, frame, Math.floor(FRAME_PAGES / FRAME_SEC / TURNS));
        growOwner(memory, files, run === 0 ? FILE_PAGES_PER_TURN : WRITTEN_PAGES_PER_TURN);
        growOwner(memory, slab, SLAB_PAGES_PER_TURN);
      }
      guest.advance();
      peak = Math.max(peak, usedGib(memory));
    }
    destroyOwner(memory, scene);
    destroyOwner(memory, frame);
    for (let second = 0; second < REST_SEC; second++) guest.advance();
    rests.push(gib(readUsage(memory).residentPages));
  }
  return { peakGib: peak, rests };
}

/** A frame is done: its memory goes. Returns the owner of the next. */
function nextFrame(memory: Memory, frame: number): number {
  destroyOwner(memory, frame);
  return createOwner(memory, 'ANON');
}

function usedGib(memory: Memory): number {
  const { totalPages, freePages } = readUsage(memory);
  return gib(totalPages - freePages);
}

function gib(pages: number): number {
  return (pages * PAGE_SIZE_BYTES) / GIB;
}
