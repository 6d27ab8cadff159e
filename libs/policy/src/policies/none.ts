import { definePolicy } from '../model/policy.js';
import { record } from '../model/shape.js';

/** The baseline of every comparison: balloons stay as they are. */
export const none = definePolicy({
  name: 'none',
  description: 'Moves nothing: the baseline.',
  origin: 'no balloon control',
  parameters: {},
  memory: record({}, 'nothing'),
  needs: () => [],
  decide: ({ guests }) => ({
    moves: [],
    stays: guests.map((guest) => ({ guest, cause: 'UNCHANGED', reason: 'this policy moves nothing' })),
    neededBytes: 0,
    memory: null,
  }),
});
