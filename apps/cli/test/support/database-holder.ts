/** Starts a PostgreSQL in the folder of its argument, tells where it is, and stops it on SIGTERM: to be killed in other ways. */
import { EmbeddedPostgres } from '../../src/postgres/embedded-postgres.js';

try {
  const postgres = await EmbeddedPostgres.start({ folder: process.argv[2] ?? '', isDurable: false });
  postgres.onEnd((reason) => process.send?.({ kind: 'ended', reason }));
  process.on('SIGTERM', () => void postgres.stop().then(() => process.exit(0)));
  process.send?.({ kind: 'started', url: postgres.url, guardPid: postgres.pid });
} catch (error) {
  process.send?.({ kind: 'refused', reason: String(error) });
  process.exit(1);
}
