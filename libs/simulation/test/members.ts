/** Guests to simulate in tests. */
import { DEFAULT_GUEST_FEATURES, type GuestConfiguration, type TraceSeries } from '#contracts';
import { MIB } from '#units';
import type { SimulatedGuest } from '../src/fleet/simulated-guest.js';

/** Four minutes of a small VM that grows, shrinks and writes files, a row every 10 s. */
export const BUSY_SERIES: TraceSeries = {
  vm: 'busy',
  assignedBytes: 512 * MIB,
  timesMs: Array.from({ length: 24 }, (_, row) => row * 10_000),
  activeBytes: Array.from({ length: 24 }, (_, row) => (row % 7) * 40 * MIB),
  diskReadBytesPerSec: Array.from({ length: 24 }, (_, row) => (row % 3) * 200_000),
  diskWriteBytesPerSec: Array.from({ length: 24 }, () => 300_000),
  cpuRatio: Array.from({ length: 24 }, () => 0.1),
};

export function aGuest(guestId: string, configuration: Partial<GuestConfiguration> = {}): SimulatedGuest {
  return {
    guestId,
    configuration: {
      assignedBytes: 512 * MIB,
      kernelProfile: '6.12',
      numaNodes: 1,
      features: DEFAULT_GUEST_FEATURES,
      workload: { kind: 'IDLE' },
      seed: 1,
      ...configuration,
    },
    series: configuration.workload?.kind === 'TRACE' ? BUSY_SERIES : null,
  };
}
