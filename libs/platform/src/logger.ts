import { isatty } from 'node:tty';
import { ConsoleLogger } from '@nestjs/common';
import type { Configuration } from './configuration.js';

const LEVELS = ['error', 'warn', 'log', 'debug'] as const;

/** The log of one process: text for people, or one JSON object a line. */
export function createLogger(part: string, configuration: Configuration): ConsoleLogger {
  return new ConsoleLogger(part, {
    prefix: 'ballast',
    json: configuration.logFormat === 'json',
    colors: configuration.logFormat === 'text' && isatty(process.stdout.fd),
    logLevels: LEVELS.slice(0, LEVELS.indexOf(configuration.logLevel) + 1),
  });
}
