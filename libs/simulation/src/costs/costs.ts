/** What moving and missing memory costs, in microseconds for each 4 KiB page unless the name says otherwise. */
export interface Costs {
  /** First touch of a page that the host does not back, 4 KiB host pages. */
  readonly hostFaultUs: number;
  /** The same for a 2 MiB host page. */
  readonly hostHugeFaultUs: number;
  readonly inflateUs: number;
  readonly deflateUs: number;
  /** Reading one page from the host's or the guest's swap, or a page of a file again. */
  readonly majorFaultUs: number;
  readonly swapOutUs: number;
  readonly reclaimScanUs: number;
  readonly migrateUs: number;
}

export const DEFAULT_COSTS: Costs = {
  hostFaultUs: 3,
  hostHugeFaultUs: 300,
  inflateUs: 4.4,
  deflateUs: 1.8,
  majorFaultUs: 100,
  swapOutUs: 3,
  reclaimScanUs: 0.3,
  migrateUs: 1.5,
};
