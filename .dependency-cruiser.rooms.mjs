/**
 * Rooms: a folder is a room, and imports between two rooms run one way. Tests reach wherever they must, and are left out; that is
 * why this is a look of its own. test/boundaries proves the rule with a fixture.
 */
import floors from './.dependency-cruiser.mjs';

const NO_ROOMS = '^dist/|\\.spec\\.ts$|^(libs|apps)/[^/]+/(test|bench)/|^libs/persistence/src/generated/';

export default {
  forbidden: [
    {
      name: 'no-circular-rooms',
      comment:
        'Two rooms need each other: move what both need down into a room of its own, or the file that ties them up.',
      severity: 'error',
      scope: 'folder',
      from: { path: '^(libs|apps)/' },
      to: { circular: true },
    },
  ],
  options: { ...floors.options, exclude: { path: NO_ROOMS } },
};
