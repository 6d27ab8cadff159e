import { ArgsType, Field, Int } from '@nestjs/graphql';
import type { PageRequest } from '#persistence';
import { badInput } from '../limits/checks.js';

export const MAX_FIRST = 500;
export const DEFAULT_FIRST = 50;

@ArgsType()
export class PageArgs {
  @Field(() => Int, { defaultValue: DEFAULT_FIRST, description: `How many, from 1 to ${MAX_FIRST}.` })
  first!: number;

  @Field(() => String, { nullable: true, description: 'Cursor of the last edge of the page before.' })
  after?: string | null;
}

/** Throws DomainError BAD_INPUT. */
export function toPageRequest({ first, after }: PageArgs): PageRequest {
  if (first < 1 || first > MAX_FIRST) throw badInput('first', `a whole number from 1 to ${MAX_FIRST}`, first);
  return { first, after: after ?? null };
}
