import type { GuestOptions } from '../src/guest-options.js';
import { IDLE_WORKLOAD } from '../src/workload/workload.js';
import { GIB } from '#units';

/** What tests build a guest with, where they say nothing else: a balloon without extras, and software that stands still. */
export const PLAIN_GUEST: GuestOptions = {
  assignedBytes: GIB,
  numaNodes: 1,
  kernelProfile: '6.12',
  memoryBallooning: true,
  balloonCompaction: true,
  deflateOnOom: false,
  freePageReporting: false,
  freePageHinting: false,
  workload: IDLE_WORKLOAD,
  seed: 1,
};
