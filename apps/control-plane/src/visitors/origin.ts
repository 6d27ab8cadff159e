/**
 * Which pages may open a WebSocket here. Browsers let every page do so, wherever it came from, and there is no access control yet:
 * without this any page that somebody visits could run mutations on the API of the same machine.
 */
import type { IncomingMessage } from 'node:http';
import { LOOPBACK } from './loopback.js';

/** Pages of the API's own address, and of this machine's (a dashboard in development). What is no browser names no origin. */
export function isWelcome({ headers }: Pick<IncomingMessage, 'headers'>): boolean {
  const { origin, host } = headers;
  if (origin === undefined) return true;
  const page = URL.canParse(origin) ? new URL(origin) : null;
  return page !== null && (page.host === host || LOOPBACK.test(page.hostname));
}
