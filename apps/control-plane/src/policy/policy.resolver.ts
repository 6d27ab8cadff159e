import { policyNames } from '#policy';
import { Query, Resolver } from '@nestjs/graphql';
import { requirePolicy } from './host-policy.js';
import { Policy } from './policy.model.js';

/** There are ten policies with ten to twenty parameters each. */
const POLICIES_COST = 100;

@Resolver(() => Policy)
export class PolicyResolver {
  @Query(() => [Policy], { complexity: POLICIES_COST })
  policies(): Policy[] {
    return policyNames.map((name) => requirePolicy('name', name));
  }
}
