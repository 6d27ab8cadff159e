import type { GuestRecord, HostRecord } from '#persistence';
import { Context, Parent, ResolveField, Resolver } from '@nestjs/graphql';
import { Guest } from '../guest/guest.model.js';
import type { Loaders } from '../loaders.js';
import { Host } from './host.model.js';

/** Where a guest is. */
@Resolver(() => Guest)
export class GuestHostResolver {
  @ResolveField(() => Host, { nullable: true, description: 'Null when the host is deleted.' })
  host(@Parent() guest: GuestRecord, @Context('loaders') loaders: Loaders): Promise<HostRecord | null> {
    return loaders.host.load(guest.hostId);
  }
}
