/** What can be known to fail before anything is started, each as one line. */
import { once } from 'node:events';
import { createServer } from 'node:net';
import { checkRedis } from '#jobs';
import type { Configuration } from '#platform';
import { LaunchError } from '../launch-error.js';

export async function preflight(configuration: Configuration): Promise<void> {
  await requireFreePort(configuration.host, configuration.port);
  if (configuration.redisUrl !== undefined) await checkRedis(configuration.redisUrl);
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
