/** A published experiment that the simulation repeats, and how near it comes. */

import type { TraceIndex } from '../trace/trace-index.js';
import type { Point } from './course.js';

export interface Finding {
  /** What was measured, with its unit. */
  readonly figure: string;
  /** As published; null where nobody has published it and `accept` is a claim of ours. */
  readonly published: number | null;
  readonly ours: number;
  /** Ours holds from `low` to `high`. */
  readonly accept: { readonly low: number; readonly high: number };
}

/** A figure over time, as recorded and as simulated. */
export interface Curve {
  /** Can be a file's name. */
  readonly name: string;
  /** What is drawn, with the units of both axes. */
  readonly title: string;
  readonly recorded: readonly Point[];
  readonly simulated: readonly Point[];
}

export interface Target {
  /** Short name, as one asks for it. */
  readonly id: string;
  readonly title: string;
  /** Who published it, and where the figures are read. */
  readonly origin: string;
  /** What the simulated setup is, and what differs from the published one. */
  readonly setup: string;
  /** Deterministic. `sample` opens the recorded VMs of GWA-T-12 that come with the project. */
  readonly run: (sample: () => TraceIndex) => readonly Finding[];
  /** What of the run is drawn beside its recording; may run it anew. */
  readonly curves?: () => readonly Curve[];
  /** Why figures that are missed are missed; empty when none is known. */
  readonly missed: string;
}

export function holds({ ours, accept }: Finding): boolean {
  return ours >= accept.low && ours <= accept.high;
}

/** Accepts `published` ± `share` of it. */
export function within(figure: string, published: number, share: number, ours: number): Finding {
  return { figure, published, ours, accept: { low: published * (1 - share), high: published * (1 + share) } };
}

/** Accepts `published` ± `margin`, in the figure's unit. */
export function near(figure: string, published: number, margin: number, ours: number): Finding {
  return { figure, published, ours, accept: { low: published - margin, high: published + margin } };
}
