/**
 * E17: how much of its memory a guest ever touches, when it is as large as its owner asked for: recorded VMs, from a fresh boot to the
 * end of the recording.
 */
import { recordedLives } from './recorded-fleet.js';
import { near, type Target } from './target.js';

export const TOUCHED_MEMORY: Target = {
  id: 'E17',
  title: 'Memory that a guest never touches',
  origin:
    'Pond (Li et al., ASPLOS 2023): half of the VMs of Azure leave at least half of their memory untouched over their lives',
  setup:
    'The 24 recorded VMs of GWA-T-12 that come with Ballast, each in a guest of 2 GiB in proportion, freshly booted, for the two days of the recording. Untouched is what the host never had to back.',
  missed:
    '24 VMs are few; what kernel and daemons hold is a larger share of 2 GiB than of the recorded sizes (in guests as large as recorded the median is 43 %).',
  run: (sample) => {
    const untouched = recordedLives(sample())
      .map(({ untouchedRatio }) => untouchedRatio)
      .sort((one, other) => one - other);
    return [near('untouched, median guest (%)', 50, 7, 100 * (untouched[Math.floor(untouched.length / 2)] ?? 0))];
  },
};
