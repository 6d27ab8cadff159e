import type { GuestConfiguration, TraceSeries } from '#contracts';

/** What a guest is made of and what it replays. */
export interface SimulatedGuest {
  readonly guestId: string;
  readonly configuration: GuestConfiguration;
  /** What a TRACE workload replays. */
  readonly series: TraceSeries | null;
}
