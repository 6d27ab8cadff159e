/** What `ballast` can be told. Where no origin is named a value is a choice made by experiment, and to be swept. */
import { GIB, MIB } from '#units';
import { numeric, type ValuesOf } from '../model/parameters.js';

export const BALLAST_PARAMETERS = {
  reserveRatio: numeric('ratio', 0.06, 'share of the host that is kept available (the HIGH threshold of ESX)', {
    max: 1,
  }),
  horizonMs: numeric('ms', 600_000, 'how far ahead demand is forecast', { min: 1000 }),
  reactionMs: numeric('ms', 60_000, 'time in which the host can move memory to where it is needed', { min: 1000 }),
  riskQuantile: numeric('ratio', 0.98, 'quantile of earlier rises that is prepared for', { max: 1 }),
  guardRatio: numeric('ratio', 0.05, 'memory a guest keeps above its forecast need, of what it is configured with', {
    max: 1,
  }),
  minGuardBytes: numeric('bytes', 64 * MIB, 'least such memory'),
  bandRatio: numeric('ratio', 0.01, 'spare memory beyond the reserve, of the host, before any is given back', {
    max: 1,
  }),
  stepBytes: numeric(
    'bytes',
    GIB,
    'most that is taken from one guest in one decision (a virtio balloon moves about 1 GiB/s)',
  ),
  minMoveBytes: numeric('bytes', 32 * MIB, 'smaller moves are left out'),
  deadBandRatio: numeric(
    'ratio',
    0.03,
    'moves that only even out guests are left out below this share of the configured memory',
    { max: 1 },
  ),
  restMs: numeric('ms', 10_000, 'rest of a guest after a move'),
  protectMs: numeric('ms', 120_000, 'a guest keeps more than its use for this long after it was in trouble'),
  afterKillMs: numeric(
    'ms',
    600_000,
    'a guest whose OOM killer struck keeps more than it had then for this long (what was killed starts again within 5 min, and is forgotten after 10: kubelet)',
  ),
  forgiveMs: numeric('ms', 300_000, 'a guest that was stuck is not asked for memory for this long'),
  troubleAvailableRatio: numeric(
    'ratio',
    0.04,
    'a guest with less than this share of its size available is in trouble (vm0: 192 MiB of 4 GiB)',
    { max: 1 },
  ),
  troubleAvailableBytes: numeric('bytes', 64 * MIB, 'as is one with less than this'),
  troublePressureRatio: numeric('ratio', 0.1, "as is one with a PSI 'some' average over 10 s above this", { max: 1 }),
  unknownIdleRatio: numeric(
    'ratio',
    0.32,
    'idle share of a guest that does not report one (far memory: 32 % cold after 120 s)',
    { max: 1 },
  ),
  riseHalfLifeMs: numeric('ms', 1_800_000, 'half-life of the rises remembered of a guest that has no history', {
    min: 1,
  }),
} as const;

export type BallastValues = ValuesOf<typeof BALLAST_PARAMETERS>;
