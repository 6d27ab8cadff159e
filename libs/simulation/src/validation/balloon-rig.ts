/** A memory with a balloon that is inflated at once, for experiments that look at what is left. */
import {
  BalloonFeature,
  DEFAULT_BALLOON_COSTS,
  backOffUs,
  probeBalloon,
  runClock,
  setTarget,
  startClock,
} from '#guest';
import type { Memory } from '#memory-core';
import { US_PER_SEC, invariant } from '#units';

/** By then a balloon has what it can get. */
const INFLATE_SEC = 60;

/** Inflates a balloon of `pages` in a guest of Linux 6.12. Returns how many it got. */
export function inflate(memory: Memory, pages: number): number {
  const features = BalloonFeature.MUST_TELL_HOST | BalloonFeature.STATS_VQ;
  const balloon = probeBalloon({ memory, features, costs: DEFAULT_BALLOON_COSTS, backOffUs: backOffUs('6.12') });
  invariant(balloon !== null, 'the guest was built with a balloon');
  const clock = startClock(memory, balloon, 0);
  setTarget(balloon, pages, 0);
  runClock(clock, 0, INFLATE_SEC * US_PER_SEC);
  return balloon.numPages;
}
