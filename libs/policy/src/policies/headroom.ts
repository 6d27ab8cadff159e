/**
 * The controllers of two young control planes behind one policy. `hypeman` (kernel/hypeman lib/guestmemory) works from the
 * host: between two watermarks of available memory it asks all guests, by their headroom above a protected floor, for what
 * is missing to the upper one. `vm0` (vm0-ai/vm0 crates/sandbox-firecracker) works from each guest: it inflates on
 * plentiful free memory and releases the whole balloon when little is available.
 */
import { definePolicy } from '../model/policy.js';
import { choice, record, withDefault } from '../model/shape.js';
import { decideByHost } from './headroom-host.js';
import { decideByGuest } from './headroom-guest.js';
import { HEADROOM_PARAMETERS, PRESSURE_STATES } from './headroom-parameters.js';

export const headroom = definePolicy({
  name: 'headroom',
  description:
    'Enter and leave thresholds, protected floors, capped steps and rests; full release of a guest in trouble.',
  origin: 'kernel/hypeman lib/guestmemory (planner of commit 003258d3); vm0-ai/vm0 crates/sandbox-firecracker',
  parameters: HEADROOM_PARAMETERS,
  memory: record({ state: withDefault(choice(PRESSURE_STATES, 'state of the host'), 'HEALTHY') }, 'hysteresis'),
  needs: () => [],
  movesSilentGuests: ({ requireStats }) => !requireStats,
  decide: ({ view, guests, values, memory }) => {
    const isGuestStyle = values.style === 'vm0' || (values.style === 'auto' && values.maxInflateBytes !== null);
    return isGuestStyle ? decideByGuest(guests, values) : decideByHost(view, guests, values, memory.state);
  },
});
