export { admit, type Admission, type AdmissionRules, type GuestRequest } from './admission.js';
export { deflateToSaveProcess, deflationLimits } from './deflation-limits.js';
export { nextHostState } from './host-state.js';
export type { JsonValue, Parsed, Problem } from './model/json.js';
export type { ParameterDescription, ParameterValues } from './model/parameters.js';
export { PLAN_SCHEMA, type Plan, type PlannedGuest, type UntouchedCause } from './model/plan.js';
export { parseParameters, type Policy } from './model/policy.js';
export {
  bytes,
  choice,
  flag,
  listOf,
  number,
  ratio,
  readShape,
  record,
  text,
  withDefault,
  type JsonSchema,
  type Shape,
} from './model/shape.js';
export { HOST_VIEW_SCHEMA, parseHostView } from './model/view-shape.js';
export type { DemandHistory, GuestStats, GuestView, HostView } from './model/view.js';
export { PLACEMENT_STRATEGIES, placeGuests, type PlacementStrategy } from './placement.js';
export { findPolicy, policyNames } from './registry.js';
