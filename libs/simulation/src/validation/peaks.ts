/**
 * How far a host can be overcommitted by somebody who knows everything beforehand, depending on how many guests share it and on when
 * they peak: assigned memory over the largest sum of memory in use.
 */
import { RandomStream } from '#units';
import { loadSeries } from '../trace/trace-index.js';
import { recordedLives } from './recorded-fleet.js';
import { within, type Finding, type Target } from './target.js';

const SEED = 1;
/** Hosts that are put together at random from the recorded guests, for each size. */
const HOSTS = 400;
const SIZES = [4, 8, 12, 24];
const HOST_GUESTS = 8;

/** Sum of peaks over peak of the sum of active memory, median of hosts of so many VMs. */
const PUBLISHED_GAINS = [
  { vms: 5, gain: 1.37 },
  { vms: 10, gain: 1.66 },
  { vms: 20, gain: 2.04 },
];
const ACCEPT_SHARE = 0.2;

type Series = readonly number[];
/** The series as it is put on a host. */
type Turn = (series: Series, random: RandomStream) => Series;

const AS_RECORDED: Turn = (series) => series;
const TURNED: Turn = (series, random) => rotated(series, random.nextBelow(series.length));
const ALIGNED: Turn = (series) => rotated(series, series.indexOf(Math.max(...series)));

export const PEAKS: Target = {
  id: 'PEAKS',
  title: 'Host size and correlated peaks: what perfect knowledge allows',
  origin:
    'Gains of active memory: medians over 500 VMs of GWA-T-12 for a month (Shen et al., CCGrid 2015), computed from the set. Safe ratios of memory in use are our own; what is claimed of them is their order',
  setup:
    'The 24 recorded VMs that come with Ballast, two days. Active memory as recorded; memory in use of guests of 2 GiB that live through the recording. Hosts are put together at random, 400 of each size; medians. Peaks as recorded, each series turned by a random time (uncorrelated), or all at the same moment (correlated).',
  missed: 'two days of 24 VMs stand for a month of 500: fewer rare peaks, which are what multiplexing gains from.',
  run: (sample) => {
    const index = sample();
    const active = loadSeries(
      index,
      index.vms.map(({ vm }) => vm),
    ).map(({ activeBytes }) => activeBytes);
    const used = recordedLives(index).map(({ usedRatio }) => usedRatio);
    const gains = PUBLISHED_GAINS.map(({ vms, gain }) =>
      within(
        `gain of active memory, hosts of ${vms}`,
        gain,
        ACCEPT_SHARE,
        median(hosts(active, vms, AS_RECORDED).map(gainOf)),
      ),
    );
    return [...gains, ...bySize(used), ...byCorrelation(used)];
  },
};

/** Larger hosts are safe at least as far as the smallest. */
function bySize(used: readonly Series[]): Finding[] {
  const safe = SIZES.map((size) => median(hosts(used, size, AS_RECORDED).map(safeRatio)));
  return SIZES.map((size, at) => {
    const low = at === 0 ? 1 : (safe[0] ?? 1);
    return {
      figure: `safe ratio, hosts of ${size}`,
      published: null,
      ours: safe[at] ?? Number.NaN,
      accept: { low, high: Infinity },
    };
  });
}

function byCorrelation(used: readonly Series[]): Finding[] {
  const safe = (turn: Turn): number => median(hosts(used, HOST_GUESTS, turn).map(safeRatio));
  const recorded = safe(AS_RECORDED);
  const claim = (what: string, ours: number, low: number, high: number): Finding => ({
    figure: `safe ratio, hosts of ${HOST_GUESTS}, ${what}`,
    published: null,
    ours,
    accept: { low, high },
  });
  return [
    claim('uncorrelated peaks', safe(TURNED), safe(ALIGNED), Infinity),
    claim('all peaks at once', safe(ALIGNED), 1, recorded),
  ];
}

/** Hosts of `size` different guests, the same ones whatever is done to their series. */
function hosts(guests: readonly Series[], size: number, turn: Turn): Series[][] {
  return Array.from({ length: HOSTS }, (_, host) => {
    const order = RandomStream.of(SEED, `host ${host} of ${size}`);
    const left = [...guests];
    const turns = RandomStream.of(SEED, `turns ${host} of ${size}`);
    return Array.from({ length: Math.min(size, left.length) }, () => {
      const [taken = []] = left.splice(order.nextBelow(left.length), 1);
      return turn(taken, turns);
    });
  });
}

function gainOf(host: readonly Series[]): number {
  return host.reduce((sum, series) => sum + Math.max(...series), 0) / peakOfSum(host);
}

/** Series are shares of what is assigned. */
function safeRatio(host: readonly Series[]): number {
  return host.length / peakOfSum(host);
}

function peakOfSum(host: readonly Series[]): number {
  const steps = Math.min(...host.map(({ length }) => length));
  let peak = 0;
  for (let step = 0; step < steps; step++) {
    peak = Math.max(
      peak,
      host.reduce((sum, series) => sum + (series[step] ?? 0), 0),
    );
  }
  return peak;
}

function rotated(series: Series, by: number): Series {
  return [...series.slice(by), ...series.slice(0, by)];
}

function median(values: readonly number[]): number {
  return [...values].sort((one, other) => one - other)[Math.floor(values.length / 2)] ?? Number.NaN;
}
