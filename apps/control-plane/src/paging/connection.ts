import type { CountedPage } from '#persistence';
import type { Type } from '@nestjs/common';
import { Field, Int, ObjectType, Parent, ResolveField, Resolver, type ComplexityEstimatorArgs } from '@nestjs/graphql';
import { DEFAULT_FIRST, MAX_FIRST } from './page-args.js';

@ObjectType()
export class PageInfo {
  @Field()
  hasNextPage!: boolean;

  @Field()
  hasPreviousPage!: boolean;

  @Field(() => String, { nullable: true })
  startCursor!: string | null;

  @Field(() => String, { nullable: true })
  endCursor!: string | null;
}

/** A page as clients see it. */
export interface ConnectionOf<Node> {
  readonly edges: readonly { readonly cursor: string; readonly node: Node }[];
  readonly pageInfo: PageInfo;
  readonly count: () => Promise<number>;
}

export function toConnection<Node>(page: CountedPage<Node>): ConnectionOf<Node> {
  return {
    edges: page.edges,
    pageInfo: {
      hasNextPage: page.hasNextPage,
      hasPreviousPage: page.hasPreviousPage,
      startCursor: page.edges[0]?.cursor ?? null,
      endCursor: page.edges.at(-1)?.cursor ?? null,
    },
    count: page.count,
  };
}

/** The Relay types of a list, and the resolver that counts it only when asked. */
export function connectionTypes(node: Type): { Connection: Type; ConnectionResolver: Type } {
  @ObjectType(`${node.name}Edge`)
  class Edge {
    @Field()
    cursor!: string;

    @Field(() => node)
    node!: unknown;
  }

  @ObjectType(`${node.name}Connection`)
  class Connection {
    @Field(() => [Edge])
    edges!: Edge[];

    @Field(() => PageInfo)
    pageInfo!: PageInfo;
  }

  @Resolver(() => Connection)
  class ConnectionResolver {
    @ResolveField(() => Int)
    totalCount(@Parent() connection: ConnectionOf<unknown>): Promise<number> {
      return connection.count();
    }
  }

  return { Connection, ConnectionResolver };
}

/** A page costs what its rows may cost together. */
export function pageCost({ args, childComplexity }: ComplexityEstimatorArgs): number {
  const first: unknown = args['first'];
  // A wrong first is told by its name, not by what it would cost.
  return 1 + Math.min(Math.max(1, typeof first === 'number' ? first : DEFAULT_FIRST), MAX_FIRST) * childComplexity;
}
