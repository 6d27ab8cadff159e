import type { BalloonRequest } from './balloon/balloon-request.js';
import type { BalloonState } from './balloon/virtio-balloon.js';
import type { MemoryUserState } from './workload/memory-user.js';

export type GuestRunState = 'RUNNING' | 'KERNEL_BUG';

/** All of a guest that is not its memory: plain data, stored with a snapshot. */
export interface GuestState {
  run: GuestRunState;
  /** What stopped the kernel. */
  bugReason: string | null;
  readonly bornTick: number;
  /** Last tick that was run. */
  tick: number;
  /** Id of the balloon device in the core; −1 without MEMORY_BALLOONING. */
  readonly device: number;
  readonly balloon: BalloonState;
  readonly user: MemoryUserState;
  /** The balloon request that somebody waits for. */
  request: BalloonRequest | null;
}
