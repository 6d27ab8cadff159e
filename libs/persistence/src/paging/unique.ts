import { Prisma } from '../generated/client.js';

const PRISMA_UNIQUE_VIOLATION = 'P2002';
const POSTGRES_UNIQUE_VIOLATION = '23505';

/** Whether a write failed because a unique index has the value already. */
export function isTaken(error: unknown): boolean {
  if (error instanceof Prisma.PrismaClientKnownRequestError) return error.code === PRISMA_UNIQUE_VIOLATION;
  return error instanceof Error && 'code' in error && error.code === POSTGRES_UNIQUE_VIOLATION;
}
