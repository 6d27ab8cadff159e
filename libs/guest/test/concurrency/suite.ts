/** What a bug planted in the driver has to get past: its small cases in every interleaving. */
import { explore } from '../../../memory-core/test/explorer/explore.js';
import { driverCases } from './driver-cases.js';

/** The first fault found, or null. */
export function findFault(): string | null {
  for (const release of ['6.12', '7.0'] as const) {
    for (const scenario of driverCases(release)) {
      const { finding } = explore(scenario, { maxStates: 5000 });
      if (finding !== null) return finding;
    }
  }
  return null;
}
