/** The guests of an experiment: where they come from, how many, and what they are made of. */
import type { GuestFeatures, KernelProfile } from '#contracts';
import type { TraceSource } from '../trace/trace-source.js';

export const ARCHETYPES = ['idle', 'web', 'database', 'jvm', 'build', 'leak'] as const;
export type Archetype = (typeof ARCHETYPES)[number];

export type GuestSource =
  TraceSource | { readonly kind: 'synthetic'; readonly mix: Readonly<Partial<Record<Archetype, number>>> };

export interface GuestPopulation {
  readonly source: GuestSource;
  readonly count: number;
  /** Null: the largest size that the trace provisions, or the archetype's own. */
  readonly assignedBytes: number | null;
  /** Guaranteed floor as a share of the assigned memory. */
  readonly minRatio: number;
  readonly shares: number;
  readonly kernelProfile: KernelProfile;
  readonly features: GuestFeatures;
  /** MODEL: the trace drives the workload model. DIRECT: its column is memory in use as it stands. */
  readonly demand: 'MODEL' | 'DIRECT';
  /** Share of the variance of load that guests have in common: all of them, and those of one tenant. */
  readonly commonFactor: { readonly fleet: number; readonly tenant: number };
}
