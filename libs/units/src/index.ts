export { InvariantError, invariant, unreachable } from './invariant.js';
export {
  GIB,
  KIB,
  MIB,
  PAGE_SHIFT,
  PAGE_SIZE_BYTES,
  alignDownToPage,
  bytesToKib,
  bytesToPages,
  pagesToBytes,
} from './memory.js';
export { RandomStream } from './random.js';
export { TICK_MS, TICK_US, US_PER_MS, US_PER_SEC, msToTick, tickToMs } from './time.js';
