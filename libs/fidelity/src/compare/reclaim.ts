/** Page cache, swap, and who survives. */
import {
  changeOf,
  commandOf,
  isBalloon,
  KB_PER_PAGE,
  recordedChange,
  type Metric,
  type Moment,
  type Pair,
  type Run,
} from './metric.js';

export const RECLAIM_METRICS: readonly Metric[] = [
  {
    name: 'pgsteal_file of an inflation',
    unit: 'pages',
    bound: '10 %',
    pairs: (run) =>
      stealing(run).map((moment) => {
        const change = changeOf(moment, 'pgsteal_file');
        return { step: moment.index, of: '', ...change, bound: change.recorded * 0.1 };
      }),
  },
  {
    name: 'share of it that kswapd took',
    unit: 'ratio',
    bound: '10 points',
    pairs: (run) => stealing(run).map((moment) => ({ step: moment.index, of: '', ...kswapdShare(moment), bound: 0.1 })),
  },
  {
    name: 'MemAvailable',
    unit: 'pages',
    bound: '2 % of RAM',
    pairs: (run) =>
      hasPageCache(run)
        ? run.moments.map(({ index, after, observed }) => ({
            step: index,
            of: '',
            recorded: (after.meminfo['MemAvailable'] ?? 0) / KB_PER_PAGE,
            simulated: observed.availablePages,
            bound: run.ramPages * 0.02,
          }))
        : [],
  },
  {
    name: 'pswpin, pswpout and pgmajfault',
    unit: 'pages or faults',
    bound: '15 % on steps of 2,000 and more, or twice what lies between two recordings of the run',
    pairs: swapTraffic,
  },
  {
    name: 'who survives: kills, killed workers, panic',
    unit: 'processes',
    bound: 'exact',
    pairs: survival,
  },
  {
    name: 'pages that a balloon gives back so that nobody is killed',
    unit: 'pages',
    bound: '1.5 % of RAM',
    pairs: ({ recording, moments, ramPages }) =>
      recording.boot.info['virtio0_features']?.[DEFLATE_ON_OOM_BIT] === '1'
        ? moments
            .filter(({ recorded }) => !isBalloon(recorded))
            .map((moment) => ({
              step: moment.index,
              of: '',
              ...changeOf(moment, 'balloon_deflate'),
              bound: ramPages * 0.015,
            }))
        : [],
  },
];

/** Below it, which reclaimer came first is chance. */
const LEAST_STOLEN = 1000;
const LEAST_SWAPPED = 2000;
const SWAP_RATIO = 0.15;
const DEFLATE_ON_OOM_BIT = 2;

/** Inflations that take page cache. */
function stealing(run: Run): Moment[] {
  if (!hasPageCache(run)) return [];
  return run.moments.filter(
    (moment) => isBalloon(moment.recorded) && changeOf(moment, 'pgsteal_file').recorded >= LEAST_STOLEN,
  );
}

/** Without swap: with it, a step's pages are of both kinds, and the swap counters are what counts. */
function hasPageCache({ recording: { steps } }: Run): boolean {
  const commands = steps.map(commandOf);
  return (
    commands.some((command) => /^(blk|seq|frand) /.test(command)) &&
    !commands.some((command) => command.startsWith('swapon'))
  );
}

function kswapdShare(moment: Moment): { recorded: number; simulated: number } {
  const kswapd = changeOf(moment, 'pgsteal_kswapd');
  const direct = changeOf(moment, 'pgsteal_direct');
  return {
    recorded: shareOf(kswapd.recorded, direct.recorded),
    simulated: shareOf(kswapd.simulated, direct.simulated),
  };
}

function shareOf(part: number, rest: number): number {
  return part + rest === 0 ? 0 : part / (part + rest);
}

function swapTraffic({ moments, siblings }: Run): Pair[] {
  return moments.flatMap((moment) =>
    ['pswpin', 'pswpout', 'pgmajfault'].flatMap((of) => {
      const change = changeOf(moment, of);
      if (Math.max(change.recorded, change.simulated) < LEAST_SWAPPED) return [];
      const spreads = siblings.map((sibling) => {
        const other = recordedChange(sibling, moment.index, of);
        return other === null ? 0 : Math.abs(other - change.recorded);
      });
      const bound = Math.max(Math.max(change.recorded, LEAST_SWAPPED) * SWAP_RATIO, 2 * Math.max(0, ...spreads));
      return [{ step: moment.index, of, ...change, bound }];
    }),
  );
}

/** Also of a step that the guest did not live through. */
function survival({ recording, replay, moments }: Run): Pair[] {
  const pairs: Pair[] = moments.map((moment) => ({
    step: moment.index,
    of: 'kills',
    ...changeOf(moment, 'oom_kill'),
    bound: 0,
  }));
  replay.steps.forEach(({ index, answer, observed }) => {
    const { op, result, guest_died: died } = recording.steps[index] ?? {};
    const panic = { recorded: died === true ? 1 : 0, simulated: observed.hasPanicked ? 1 : 0 };
    pairs.push({ step: index, of: 'panic', ...panic, bound: 0 });
    if (op !== 'worker' || typeof result !== 'string' || answer.wasKilled === undefined) return;
    const killed = { recorded: result.startsWith('died') ? 1 : 0, simulated: answer.wasKilled ? 1 : 0 };
    pairs.push({ step: index, of: 'killed', ...killed, bound: 0 });
  });
  return pairs;
}
