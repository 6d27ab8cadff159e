import type { ErrorCode } from '#contracts';
import { Catch, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { toClientError } from './client-error.js';

const STATUSES: Readonly<Record<ErrorCode, number>> = {
  BAD_INPUT: 400,
  NOT_FOUND: 404,
  CONFLICT: 409,
  UNAUTHENTICATED: 401,
  FORBIDDEN: 403,
  LIMIT_EXCEEDED: 429,
  ADMISSION_REFUSED: 409,
  UNAVAILABLE: 503,
  INTERNAL: 500,
};

/** What goes wrong outside of GraphQL, in the same shape as within it. */
@Catch()
export class HttpErrorFilter implements ExceptionFilter {
  catch(error: unknown, host: ArgumentsHost): void {
    const told = toClientError(error);
    const code = told.extensions?.['code'] as ErrorCode;
    const reply = host.switchToHttp().getResponse<FastifyReply>();
    // Those of the file that there is not.
    reply.removeHeader('content-disposition');
    void reply.header('content-type', 'application/json; charset=utf-8');
    void reply.code(STATUSES[code]).send({ errors: [told] });
  }
}
