/** What can be known to fail before anything is started, each as one line. */
import { connect, createServer } from 'node:net';
import { once } from 'node:events';
import type { Configuration } from '#platform';
import { LaunchError } from '../launch-error.js';

const CONNECT_LIMIT_MS = 3_000;
const REDIS_PORT = 6379;

export async function preflight(configuration: Configuration): Promise<void> {
  await requireFreePort(configuration.host, configuration.port);
  if (configuration.redisUrl !== undefined) await requireRedis(configuration.redisUrl);
}

async function requireFreePort(host: string, port: number): Promise<void> {
  const probe = createServer();
  try {
    probe.listen(port, host);
    await once(probe, 'listening');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const why = code === 'EADDRINUSE' ? 'is already in use' : `cannot be listened on (${code ?? String(error)})`;
    throw new LaunchError(`PORT ${port} on ${host} ${why}: set PORT to another one`);
  }
  probe.close();
  await once(probe, 'close');
}

async function requireRedis(url: string): Promise<void> {
  const { hostname, port } = new URL(url);
  const socket = connect({ host: hostname, port: port === '' ? REDIS_PORT : Number(port), timeout: CONNECT_LIMIT_MS });
  try {
    const timedOut = once(socket, 'timeout').then(() => Promise.reject(new Error('no answer')));
    await Promise.race([once(socket, 'connect'), timedOut]);
  } catch (error) {
    const said = (error as NodeJS.ErrnoException).code ?? (error as Error).message;
    throw new LaunchError(
      `REDIS_URL must name a Redis that answers; ${hostname}:${port === '' ? REDIS_PORT : port} said: ${said}`,
    );
  } finally {
    socket.destroy();
  }
}
