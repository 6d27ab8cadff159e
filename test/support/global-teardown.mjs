import { rmSync } from 'node:fs';

export default async function globalTeardown() {
  const { folder, postgres, redis } = globalThis.ballastTestServers;
  await redis?.stop();
  await postgres.stop();
  rmSync(folder, { recursive: true, force: true });
}
