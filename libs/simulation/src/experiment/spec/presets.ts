/** The classic questions as specs that anyone can run; paths are from the folder of the traces that come with Ballast. */
import type { JsonValue } from '#policy';
import { GIB } from '#units';

export interface Preset {
  readonly name: string;
  readonly question: string;
  readonly spec: { readonly [key: string]: JsonValue };
}

const DAY_MS = 86_400_000;
const TRACES = { kind: 'traces', format: 'GWA_T_12', path: 'gwa-t-12-rnd-2013-7' } as const;
/** A whole number of hosts of 8, 16, 24 and 48: the same guests under a seed, dealt to hosts of each size. */
const HOST_SIZE_GUESTS = 48;
const MANAGED = { deflateOnOom: true } as const;
/** As QEMU and Proxmox start guests: what a balloon takes too much costs a program its life, and shows as a kill. */
const PLAIN = { deflateOnOom: false } as const;

/** 24 guests of 2 GiB on 3 hosts that swap as much as they hold. */
function fleet(name: string, changes: { readonly [key: string]: JsonValue }): { readonly [key: string]: JsonValue } {
  return {
    name,
    hosts: { perHost: 8, swapBytes: 16 * GIB },
    guests: guests({}),
    overcommitRatios: [1, 1.5, 2],
    policies: [{ name: 'none' }, { name: 'proxmox' }, { name: 'ballast' }],
    seeds: [1, 2, 3],
    durationMs: DAY_MS,
    ...changes,
  };
}

function guests(changes: { readonly [key: string]: JsonValue }): { readonly [key: string]: JsonValue } {
  return { source: TRACES, count: 24, assignedBytes: 2 * GIB, features: MANAGED, ...changes };
}

const managed = [{ name: 'none' }, { name: 'ballast' }];

export const PRESETS: readonly Preset[] = [
  {
    name: 'quick',
    question: 'A first look at everything: three ratios, three policies, three seeds, 24 guests of 2 GiB, one day.',
    spec: fleet('quick', { guests: guests({ features: PLAIN }) }),
  },
  {
    name: 'how-far',
    question: 'How far can this fleet be overcommitted before something breaks?',
    spec: fleet('how far', {
      overcommitRatios: [1, 1.25, 1.5, 1.75, 2, 2.5, 3],
      policies: managed,
      seeds: [1, 2, 3, 4, 5],
    }),
  },
  {
    name: 'which-policy',
    question: 'Which policy takes it furthest?',
    spec: fleet('which policy', {
      overcommitRatios: [1.25, 1.5, 2],
      policies: [
        'none',
        'proxmox',
        'mom',
        'esx',
        'squeezed',
        'senpai',
        'limit-cache',
        'headroom',
        'hyperv',
        'ballast',
      ].map((name) => ({ name })),
    }),
  },
  {
    name: 'peaks-uncorrelated',
    question: 'Correlated against uncorrelated peaks: every series turned by a time drawn from the seed.',
    spec: fleet('uncorrelated peaks', {
      guests: guests({ source: { ...TRACES, peaks: 'SHIFTED' }, commonFactor: { fleet: 0, tenant: 0 } }),
      policies: managed,
    }),
  },
  {
    name: 'peaks-correlated',
    question: 'Correlated against uncorrelated peaks: all guests have their largest demand at the same moment.',
    spec: fleet('correlated peaks', {
      guests: guests({ source: { ...TRACES, peaks: 'ALIGNED' }, commonFactor: { fleet: 0.3, tenant: 0.25 } }),
      policies: managed,
    }),
  },
  ...[8, 16, 24, 48].map((perHost) => ({
    name: `hosts-of-${perHost}`,
    question: `Host size against safe ratio: ${perHost} guests on a host.`,
    spec: fleet(`hosts of ${perHost}`, {
      hosts: { perHost, swapBytes: perHost * 2 * GIB },
      guests: guests({ count: HOST_SIZE_GUESTS, source: { ...TRACES, sampling: 'RESAMPLE' } }),
      overcommitRatios: [1, 1.25, 1.5, 1.75, 2, 2.5],
      policies: managed,
      shuffle: true,
    }),
  })),
  ...[true, false].map((balloonCompaction) => ({
    name: `compaction-${balloonCompaction ? 'on' : 'off'}`,
    question: `Balloon compaction on or off: does it matter? Here it is ${balloonCompaction ? 'on' : 'off'}; compare thpFaultAllocRatio and unusableIndex9Mean.`,
    spec: fleet(`balloon compaction ${balloonCompaction ? 'on' : 'off'}`, {
      guests: guests({ features: { ...MANAGED, balloonCompaction } }),
      policies: managed,
    }),
  })),
];
