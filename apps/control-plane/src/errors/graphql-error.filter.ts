/** What resolvers refuse goes to whoever asked, not to the log: an operator who reads ERROR there has something to mend. */
import { DomainError } from '#contracts';
import { Catch, Logger, type ArgumentsHost } from '@nestjs/common';
import { BaseExceptionFilter } from '@nestjs/core';

const log = new Logger('api');

/** Errors that are no DomainError pass by: they are bugs, and are reported as such. */
@Catch(DomainError)
export class GraphqlErrorFilter extends BaseExceptionFilter {
  override catch(error: DomainError, host: ArgumentsHost): void {
    if (host.getType<string>() !== 'graphql') {
      super.catch(error, host);
      return;
    }
    // Not the asker's fault: a part that Ballast needs is away.
    if (error.code === 'UNAVAILABLE') log.warn(error.message);
    throw error;
  }
}
