/**
 * What the parts tell each other as it happens, over PostgreSQL notifications sent in the transaction that made it true.
 * A topic carries ids, never state: the listener reads the rows.
 */
export interface TopicPayloads {
  /** Samples of `tick` are stored. */
  readonly ballast_sampled: { readonly tick: number };
  readonly ballast_operation: { readonly operationId: string; readonly guestId: string };
  readonly ballast_host_state: { readonly hostId: string };
  /** An experiment or one of its cells got on. */
  readonly ballast_experiment: { readonly experimentId: string };
  /** The fleet's clock was set to another speed. */
  readonly ballast_clock: { readonly speed: number };
}

export type Topic = keyof TopicPayloads;
export const TOPICS: readonly Topic[] = [
  'ballast_sampled',
  'ballast_operation',
  'ballast_host_state',
  'ballast_experiment',
  'ballast_clock',
];
