export { Database, type DatabaseOptions } from './database.js';
export { migrateDatabase } from './migrate.js';
export { NotificationListener } from './notifications.js';
