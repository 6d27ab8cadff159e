/**
 * Which names the API answers to. There is no access control yet, and it listens on this machine only; but a page somebody visits may come
 * from a name whose address its owner changes to this machine's, and is then of the same origin as the API (DNS rebinding). What such
 * a page asks for still carries the page's name in its Host header.
 */
import { LOOPBACK } from './loopback.js';

/** Where a request is sent that came to the wrong server. */
export const MISDIRECTED = 421;

/** What the configuration says about names. */
export interface HostNames {
  readonly isExposed: boolean;
  readonly hostNames: readonly string[];
}

/** True for this machine's own names and for those of the configuration; beyond this machine, for every name where none is given. */
export function answersTo(host: string | undefined, { isExposed, hostNames }: HostNames): boolean {
  if (isExposed && hostNames.length === 0) return true;
  if (host === undefined || !URL.canParse(`http://${host}`)) return false;
  const { hostname } = new URL(`http://${host}`);
  return LOOPBACK.test(hostname) || hostNames.includes(hostname);
}

/** For whoever asks under another name. */
export function misdirected(host: string | undefined): string {
  return `Host must be a name of this machine or one of BALLAST_HOSTNAMES, got ${JSON.stringify(host ?? '')}`;
}
