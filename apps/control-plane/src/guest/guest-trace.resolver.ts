import { History, type GuestRecord, type GuestUse } from '#persistence';
import { BALLAST_HEADER, ballastRows } from '#simulation';
import { TICK_MS } from '#units';
import { Args, ArgsType, Field, Int, ObjectType, Parent, ResolveField, Resolver } from '@nestjs/graphql';
import { Guest } from './guest.model.js';
import { checkRange } from '../limits/checks.js';
import { columnsCost } from '../history/history-cost.js';

const DEFAULT_ROWS = 10_000;
const MOST_ROWS = 20_000;

@ArgsType()
class GuestTraceArgs {
  @Field(() => Int, { defaultValue: DEFAULT_ROWS, description: `How many samples, from 1 to ${MOST_ROWS}.` })
  first!: number;

  @Field(() => String, { nullable: true, description: 'endCursor of the page before.' })
  after?: string | null;
}

@ObjectType({ description: "A guest's history as a trace in the BALLAST format, page by page." })
export class GuestTrace {
  @Field({ description: 'Lines of CSV, vm,timeMs,bytes,assignedBytes; the first page begins with the header.' })
  csv!: string;

  @Field(() => Int, { description: 'Rows of this page.' })
  rowCount!: number;

  @Field()
  hasNextPage!: boolean;

  @Field(() => String, { nullable: true })
  endCursor!: string | null;
}

/** What was lived through, for an experiment to run again. */
@Resolver(() => Guest)
export class GuestTraceResolver {
  constructor(private readonly past: History) {}

  @ResolveField(() => GuestTrace, {
    complexity: ({ args }) => columnsCost(Math.min((args as GuestTraceArgs).first, MOST_ROWS)),
    description:
      'Memory in use (without the balloon) over simulated time, from every sample that is still kept: what experiments and importTrace read as BALLAST.',
  })
  async trace(@Parent() guest: GuestRecord, @Args() { first, after }: GuestTraceArgs): Promise<GuestTrace> {
    const request = { first: checkRange('first', first, 1, MOST_ROWS), after: after ?? null };
    const { edges, hasNextPage } = await this.past.usesOfGuest(guest.id, request);
    const uses = edges.map(({ node }) => ({ timeMs: node.tick * TICK_MS, bytes: bytesInUse(guest, node) }));
    const header = after == null ? `${BALLAST_HEADER}\n` : '';
    return {
      csv: header + ballastRows(guest.name, guest.assignedBytes, uses),
      rowCount: uses.length,
      hasNextPage,
      endCursor: edges.at(-1)?.cursor ?? null,
    };
  }
}

/** Inflated pages leave MemTotal, and so what is in use, unless the balloon deflates on OOM: then they count as used. */
function bytesInUse({ features }: GuestRecord, { usedBytes, balloonActualBytes }: GuestUse): number {
  return features.deflateOnOom ? Math.max(0, usedBytes - balloonActualBytes) : usedBytes;
}
