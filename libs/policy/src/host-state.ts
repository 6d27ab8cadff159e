/**
 * How short of memory a host is, by the free share of its capacity, with hysteresis: a state is entered below its own
 * threshold and left upwards only above the threshold of the next better one, so that a host on a threshold does not flap.
 * States and the thresholds 6, 4, 2 and 1 %: C. Waldspurger, Memory Resource Management in VMware ESX Server, OSDI 2002.
 */
import { HOST_STATES, type HostState } from '#contracts';

/** Free shares, falling: HIGH > SOFT > HARD > LOW. */
export type HostStateThresholds = Readonly<Record<HostState, number>>;

export const DEFAULT_HOST_STATE_THRESHOLDS: HostStateThresholds = { HIGH: 0.06, SOFT: 0.04, HARD: 0.02, LOW: 0.01 };

/**
 * The state after a host in state `current` is seen with `freeRatio` of its capacity free (0 to 1). Down when strictly below
 * a state's threshold, up when at or above the better state's: exactly on a threshold is the better side of it.
 */
export function nextHostState(
  current: HostState,
  freeRatio: number,
  thresholds: HostStateThresholds = DEFAULT_HOST_STATE_THRESHOLDS,
): HostState {
  const worst = HOST_STATES.findLastIndex((state) => state !== 'HIGH' && freeRatio < thresholds[state]);
  const best = HOST_STATES.findIndex((state) => freeRatio >= thresholds[state]);
  const fallen = Math.max(HOST_STATES.indexOf(current), worst);
  const lowest = HOST_STATES.length - 1;
  return HOST_STATES[Math.min(fallen, best === -1 ? lowest : best)] ?? current;
}
