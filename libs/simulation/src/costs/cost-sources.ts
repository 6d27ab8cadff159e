/** Where each constant of `Costs` comes from and how sure it is. */
import type { Costs } from './costs.js';

export interface ConstantSource {
  readonly unit: string;
  /** What a sensitivity run draws from. */
  readonly low: number;
  readonly high: number;
  /** MEASURED or PUBLISHED by the source; a GUESS stays one. */
  readonly mark: 'MEASURED' | 'PUBLISHED' | 'GUESS';
  readonly source: string;
}

const HYPERALLOC = 'HyperAlloc artifact (EuroSys 2025), Xeon Gold 6252, Linux 6.1';
const OWN = 'small programs in a KVM guest, Linux 6.18, 2 vCPU';

export const COST_SOURCES: Readonly<Record<keyof Costs, ConstantSource>> = {
  hostFaultUs: {
    unit: 'µs/page',
    low: 2,
    high: 6,
    mark: 'PUBLISHED',
    source: `${HYPERALLOC}: 3.6 µs after a 4 KiB balloon; ${OWN}: 1.5–2.8`,
  },
  hostHugeFaultUs: { unit: 'µs/2 MiB', low: 150, high: 600, mark: 'PUBLISHED', source: `${HYPERALLOC}: 340–354 µs` },
  inflateUs: {
    unit: 'µs/page',
    low: 3.3,
    high: 5,
    mark: 'PUBLISHED',
    source: `${HYPERALLOC}: 21.0 s for 18 GiB; the lower end scales to newer cores`,
  },
  deflateUs: { unit: 'µs/page', low: 1.35, high: 2.2, mark: 'PUBLISHED', source: `${HYPERALLOC}: 8.53 s for 18 GiB` },
  majorFaultUs: {
    unit: 'µs/page',
    low: 70,
    high: 200,
    mark: 'PUBLISHED',
    source: 'ClickHouse 2021: SATA 140 µs, NVMe a little better; the default is a guess for NVMe',
  },
  swapOutUs: {
    unit: 'µs/page',
    low: 1,
    high: 6,
    mark: 'GUESS',
    source: 'unmap, slot and submission, without the device',
  },
  reclaimScanUs: { unit: 'µs/page', low: 0.1, high: 0.7, mark: 'MEASURED', source: `${OWN}: MADV_COLD 0.64–0.68 µs` },
  migrateUs: {
    unit: 'µs/page',
    low: 1,
    high: 4,
    mark: 'MEASURED',
    source: `${OWN}: collapse 0.9 µs; unmap and TLB are a guess`,
  },
};
