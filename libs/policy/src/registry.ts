/** The policies by name. */
import type { Parsed } from './model/json.js';
import type { Policy } from './model/policy.js';
import { ballast } from './policies/ballast.js';
import { esx } from './policies/esx.js';
import { headroom } from './policies/headroom.js';
import { hyperv } from './policies/hyperv.js';
import { limitCache } from './policies/limit-cache.js';
import { mom } from './policies/mom.js';
import { none } from './policies/none.js';
import { proxmox } from './policies/proxmox.js';
import { senpai } from './policies/senpai.js';
import { squeezed } from './policies/squeezed.js';

export const POLICIES: readonly Policy[] = [
  none,
  proxmox,
  mom,
  esx,
  squeezed,
  senpai,
  limitCache,
  headroom,
  hyperv,
  ballast,
];

export const policyNames: readonly string[] = POLICIES.map(({ name }) => name);

/** The policy of that name, or a problem that lists the names there are. */
export function findPolicy(name: string): Parsed<Policy> {
  const value = POLICIES.find((policy) => policy.name === name);
  if (value !== undefined) return { ok: true, value };
  const message = `no policy is named ${JSON.stringify(name)}; accepted: ${policyNames.join(', ')}`;
  return { ok: false, problems: [{ path: 'policy', message }] };
}
