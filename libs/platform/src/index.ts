export { loadConfiguration, requireDatabaseUrl, type Configuration } from './configuration.js';
export { createLogger } from './logger.js';
export { onShutdown, reportReady, type ShutdownOptions } from './shutdown.js';
export { openTextFiles } from './text-files.js';
