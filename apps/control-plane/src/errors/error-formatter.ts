import { DomainError } from '#contracts';
import type { MercuriusOptions } from 'mercurius';
import { toClientError } from './client-error.js';

type Formatter = NonNullable<MercuriusOptions['errorFormatter']>;

const VALIDATION = 'MER_ERR_GQL_VALIDATION';
const BAD_REQUEST = 400;
const TOO_LARGE = 413;

/** Mercurius' errors as clients see them. A request that was answered in part is a success of HTTP. */
export const formatErrors: Formatter = (execution) => {
  const errors = execution.errors.flatMap((error) => unwrapped(error)).map(toClientError);
  const data = execution.data ?? null;
  return {
    statusCode: data === null ? statusOf(execution.errors[0]) : 200,
    response: { data, errors },
  };
};

/** Validation gives several errors in one. */
function unwrapped(error: { readonly originalError?: unknown }): unknown[] {
  const { originalError } = error;
  if (!(originalError instanceof Error && 'code' in originalError && 'errors' in originalError)) return [error];
  const { code, errors } = originalError;
  return code === VALIDATION && Array.isArray(errors) && errors.length > 0 ? errors : [error];
}

/** An error at a field is an answer; one without a path is a request that could not be carried out at all. */
function statusOf(error: { readonly path?: unknown; readonly originalError?: unknown } | undefined): number {
  if (error?.path !== undefined) return 200;
  const cause = error?.originalError;
  if (cause instanceof DomainError) return BAD_REQUEST;
  const status = cause instanceof Error && 'statusCode' in cause ? cause.statusCode : undefined;
  return status === TOO_LARGE ? TOO_LARGE : BAD_REQUEST;
}
