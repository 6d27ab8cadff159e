/** What broke, in words for whoever plans a fleet: how far off it is, where, and what helps. */
import type { BrokenTest, Shortage } from '../model/answer.js';

type Judged = BrokenTest['metric'];

interface Wording {
  /** Of the value and of the limit. */
  readonly figure: (value: number) => string;
  readonly what: string;
  readonly help: string;
}

const percent = (value: number): string => `${Number((100 * value).toPrecision(3))} %`;
const count = (value: number): string => `${Number(value.toPrecision(3))}`;

const WINDOWS_HELP =
  'a policy that takes less at a time or keeps larger floors (guests.minRatio), or a faster device behind swap and files';
const WORST_GUEST_HELP = 'a larger floor or more shares for guests like it, or spreading them over hosts (shuffle)';

/** Answers stored before full backing was told apart were judged by all violated windows. */
const WORDINGS: Partial<Record<Judged, Wording>> = {
  policyViolatedWindowsRatio: {
    figure: percent,
    what: 'windows of guests with too little useful time that full backing would have spared',
    help: WINDOWS_HELP,
  },
  worstGuestPolicyViolatedRatio: {
    figure: percent,
    what: 'such windows of the guest that has most of them',
    help: WORST_GUEST_HELP,
  },
  violatedWindowsRatio: {
    figure: percent,
    what: 'windows of guests with too little useful time',
    help: WINDOWS_HELP,
  },
  worstGuestViolatedRatio: {
    figure: percent,
    what: 'windows of the guest that has most of them',
    help: WORST_GUEST_HELP,
  },
  hostOomKills: {
    figure: count,
    what: 'guests killed by their hosts for want of memory',
    help: 'swap on the hosts (hosts.swapBytes), a policy that frees sooner, or a smaller ratio',
  },
  policyOomKills: {
    figure: count,
    what: 'programs killed for a thousand guests and a month that full backing would have spared',
    help: 'deflate-on-OOM (guests.features.deflateOnOom), larger floors (guests.minRatio), or a policy that heeds pressure',
  },
  reserveKeptRatio: {
    figure: percent,
    what: 'of seconds with less free than the reserve of the host',
    help:
      'a policy that keeps memory free, or a larger reserve in its parameters; where the host’s swap may stand in for a reserve, ' +
      'slo.reserveKeptRatio 0',
  },
  recoveryMsP99: {
    figure: (ms) => `${count(ms / 1000)} s`,
    what: 'until a demand step is backed, 99th percentile',
    help: 'free memory held ready (reserve or headroom of the policy), or a balloon that gives back faster (deflate-on-OOM)',
  },
};

/** One sentence; `seeds`: how many were run. */
export function brokenText({ part, metric, value, limit, brokenSeeds, worst }: BrokenTest, seeds: number): string {
  const { figure, what } = WORDINGS[metric] ?? { figure: count, what: metric };
  const whom = worst.guest === null ? '' : `, guest ${worst.guest} on host ${(worst.host ?? 0) + 1}`;
  const often = `${brokenSeeds.length} of ${seeds} seeds`;
  return `${part}: ${figure(value)} ${what} (allowed ${figure(limit)}); in ${often}, worst under seed ${worst.seed}${whom}`;
}

/** What a planner may try. */
export function remedyText({ metric }: BrokenTest): string {
  return WORDINGS[metric]?.help ?? 'a smaller ratio';
}

/** What no policy could help, and what would. */
export function shortageText({ windowsRatio, guests, worst }: Shortage): string {
  const whose = guests === 1 ? '1 guest' : `up to ${guests} guests`;
  return (
    `short at full backing, too: ${percent(windowsRatio)} of windows, of ${whose}, worst under seed ${worst.seed}, guest ` +
    `${worst.guest} on host ${worst.host + 1}; no policy can help it, more memory of its own (guests.assignedBytes) does`
  );
}
