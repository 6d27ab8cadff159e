/** Everything that the schema is made of. */
import type { Type } from '@nestjs/common';
import { ClockResolver } from './clock/clock.resolver.js';
import { ExperimentConnectionResolver } from './experiment/experiment.model.js';
import { ExperimentMutationsResolver } from './experiment/experiment-mutations.resolver.js';
import { ExperimentResolver } from './experiment/experiment.resolver.js';
import { FleetResolver } from './fleet/fleet.resolver.js';
import { GuestConnectionResolver } from './guest/guest.model.js';
import { GuestMutationsResolver } from './guest/guest-mutations.resolver.js';
import { GuestOperationsResolver, OperationGuestResolver } from './guest/guest-operations.resolver.js';
import { GuestResolver } from './guest/guest.resolver.js';
import { GuestTraceResolver } from './guest/guest-trace.resolver.js';
import { GuestViewsResolver } from './guest/guest-views.resolver.js';
import { ZoneResolver } from './guest/zone.model.js';
import { FleetHistoryResolver, GuestHistoryResolver } from './history/history.model.js';
import { GuestHostResolver } from './host/guest-host.resolver.js';
import { HostConnectionResolver } from './host/host.model.js';
import { HostMutationsResolver } from './host/host-mutations.resolver.js';
import { HostResolver } from './host/host.resolver.js';
import { OperationConnectionResolver } from './operation/operation.model.js';
import { OperationMutationsResolver } from './operation/operation-mutations.resolver.js';
import { OperationResolver } from './operation/operation.resolver.js';
import { PolicyResolver } from './policy/policy.resolver.js';
import { GuestMoveResolver } from './rebalance/guest-move.resolver.js';
import { RebalanceMutationsResolver } from './rebalance/rebalance-mutations.resolver.js';
import { RebalanceRunConnectionResolver } from './rebalance/rebalance.model.js';
import {
  RebalanceHostResolver,
  RebalanceMoveResolver,
  RebalanceResolver,
  RebalanceScheduleResolver,
} from './rebalance/rebalance.resolver.js';
import { MemorySampledResolver, SubscriptionResolver } from './subscription/subscription.resolver.js';
import { TraceConnectionResolver } from './trace/trace.model.js';
import { TraceResolver } from './trace/trace.resolver.js';

export const RESOLVERS: Type[] = [
  ClockResolver,
  ExperimentConnectionResolver,
  ExperimentMutationsResolver,
  ExperimentResolver,
  FleetHistoryResolver,
  FleetResolver,
  GuestConnectionResolver,
  GuestHistoryResolver,
  GuestHostResolver,
  GuestMoveResolver,
  GuestMutationsResolver,
  GuestOperationsResolver,
  GuestResolver,
  GuestTraceResolver,
  GuestViewsResolver,
  HostConnectionResolver,
  HostMutationsResolver,
  HostResolver,
  MemorySampledResolver,
  OperationConnectionResolver,
  OperationGuestResolver,
  OperationMutationsResolver,
  OperationResolver,
  PolicyResolver,
  RebalanceHostResolver,
  RebalanceMoveResolver,
  RebalanceMutationsResolver,
  RebalanceResolver,
  RebalanceRunConnectionResolver,
  RebalanceScheduleResolver,
  SubscriptionResolver,
  TraceConnectionResolver,
  TraceResolver,
  ZoneResolver,
];
