/** The costs of one experiment: a number for each constant of cost-sources.ts, whose units and meanings hold. */
import { COST_SOURCES } from './cost-sources.js';

export type Costs = { readonly [Name in keyof typeof COST_SOURCES]: number };

export const DEFAULT_COSTS = Object.fromEntries(
  Object.entries(COST_SOURCES).map(([name, { value }]) => [name, value]),
) as Costs;
