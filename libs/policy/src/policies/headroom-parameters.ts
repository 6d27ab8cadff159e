/** What the `headroom` policy can be told; the names in MiB and seconds are those of its origins. */
import { MIB } from '#units';
import { numeric, oneOf, toggle, unsetNumeric, type OtherName, type ValuesOf } from '../model/parameters.js';

/** The origins' constants are in MiB and seconds. */
const inMib = (name: string): OtherName => ({ name, factor: MIB });
const inSeconds = (name: string): OtherName => ({ name, factor: 1000 });

export const HEADROOM_PARAMETERS = {
  style: oneOf(
    ['auto', 'hypeman', 'vm0'],
    'auto',
    'whose controller; auto: vm0 when maxInflateBytes is given, else hypeman',
  ),
  pressureHighWatermarkAvailablePercent: numeric('percent', 10, 'hypeman: pressure begins below this much available', {
    max: 100,
  }),
  pressureLowWatermarkAvailablePercent: numeric(
    'percent',
    15,
    'hypeman: pressure ends at this much available, and this much is aimed at',
    { max: 100 },
  ),
  stressSome10Ratio: numeric(
    'ratio',
    0,
    "hypeman: the host counts as stressed above this PSI 'some' average over 10 s",
    { max: 1 },
  ),
  protectedFloorPercent: numeric('percent', 50, 'hypeman: share of its memory that a guest always keeps', {
    max: 100,
    otherNames: ['floor_percent'],
  }),
  protectedFloorMinBytes: numeric('bytes', 512 * MIB, 'hypeman: least that a guest always keeps', {
    otherNames: [inMib('protected_floor_min_mib'), inMib('floor_mib')],
  }),
  minAdjustmentBytes: numeric('bytes', 64 * MIB, 'hypeman: smaller changes are left out', {
    otherNames: [inMib('min_adjustment_mib')],
  }),
  perVmMaxStepBytes: numeric('bytes', 256 * MIB, 'hypeman: most that one guest changes in one decision', {
    otherNames: [inMib('per_vm_max_step_mib'), inMib('max_step_mib')],
  }),
  perVmCooldownMs: numeric('ms', 5000, 'hypeman: rest after a change', {
    otherNames: [inSeconds('per_vm_cooldown_s')],
  }),
  requestBytes: numeric('bytes', 0, 'hypeman: reclaim at least this much from the normal sizes, as an operator asks', {
    otherNames: [inMib('request_mib'), 'reclaim_bytes'],
  }),
  requireStats: toggle(true, 'hypeman: leave guests alone that give no statistics; the origin needs none'),
  growOnDemand: toggle(false, 'hypeman: guests that run below their ceiling grow when they are nearly full'),
  growThresholdPercent: numeric('percent', 85, 'hypeman: growing begins at this much of its normal size in use', {
    max: 100,
    otherNames: ['threshold'],
  }),
  targetFreeBytes: numeric('bytes', 256 * MIB, 'vm0: free memory that a guest is left with', {
    otherNames: [inMib('target_free_mib')],
  }),
  inflateHysteresisBytes: numeric('bytes', 128 * MIB, 'vm0: free memory above the target before it inflates', {
    otherNames: [inMib('inflate_hysteresis_mib')],
  }),
  deflateHysteresisBytes: numeric('bytes', 64 * MIB, 'vm0: available memory below the target before it releases', {
    otherNames: [inMib('deflate_hysteresis_mib')],
  }),
  pressureAvailableBytes: unsetNumeric(
    'bytes',
    'vm0: releases below this much available; unset: targetFreeBytes − deflateHysteresisBytes',
    { otherNames: [inMib('pressure_available_mib')] },
  ),
  maxInflatePerTickBytes: numeric('bytes', 256 * MIB, 'vm0: most that one decision inflates', {
    otherNames: [inMib('max_inflate_per_tick_mib')],
  }),
  maxInflateBytes: unsetNumeric('bytes', 'vm0: largest balloon; unset: all above minGuestBytes', {
    otherNames: [inMib('max_inflate_mib')],
  }),
  minGuestBytes: numeric('bytes', 512 * MIB, 'vm0: guests of at most this size are left alone', {
    otherNames: [inMib('min_guest_mib')],
  }),
} as const;

export type HeadroomValues = ValuesOf<typeof HEADROOM_PARAMETERS>;

export const PRESSURE_STATES = ['HEALTHY', 'PRESSURE'] as const;
export type PressureState = (typeof PRESSURE_STATES)[number];
