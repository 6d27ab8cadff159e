import 'reflect-metadata';
import { createLogger, loadConfiguration, onShutdown, reportReady } from '#platform';
import { DomainError } from '#contracts';
import { createControlPlane } from './control-plane.js';

const DRAIN_MS = 15_000;

try {
  const configuration = loadConfiguration();
  const logger = createLogger('control-plane', configuration);
  if (configuration.isExposed) {
    logger.warn(
      `the API listens on ${configuration.host} without access control: whoever reaches it may do everything`,
    );
  }
  const controlPlane = await createControlPlane(configuration, logger);
  onShutdown(() => controlPlane.close(), { drainMs: DRAIN_MS, onBegin: (cause) => logger.log(`stopping: ${cause}`) });
  logger.log(`GraphQL at ${await controlPlane.listen()}`);
  reportReady();
} catch (error) {
  console.error(error instanceof DomainError ? error.message : error);
  process.exit(1);
}
