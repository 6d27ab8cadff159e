/** Plants bugs in the guest's driver, one at a time, and shows that the explorer catches each. */
import { catchesAll } from '../../../memory-core/test/mutants/catching.js';
import type { Mutant } from '../../../memory-core/test/mutants/plant.js';

const BALLOON = 'guest/src/balloon';

const MUTANTS: readonly Mutant[] = [
  {
    bug: 'migration does not try the balloon’s lock',
    file: `${BALLOON}/balloon-migration.ts`,
    from: 'if (lock.held) return -EAGAIN;',
    to: '',
  },
  {
    bug: 'migration keeps the balloon’s lock',
    file: `${BALLOON}/balloon-migration.ts`,
    from: '  lock.held = false;',
    to: '',
  },
  {
    bug: 'migration does not tell the host of the old page',
    file: `${BALLOON}/balloon-migration.ts`,
    from: 'device.receiveDeflated(onePage(oldPfn), pagesPerFrame);',
    to: '',
  },
  {
    bug: 'the notifier frees pages before the host has given them back',
    file: `${BALLOON}/size-work.ts`,
    from: '  if (count > 0) yield HOST;\n  freeBatch(driver.memory, batch);',
    to: '  freeBatch(driver.memory, batch);\n  if (count > 0) yield HOST;',
  },
  {
    bug: 'the notifier re-inflates',
    file: `${BALLOON}/size-work.ts`,
    from: '  const pages = yield* leakBalloon(driver, REQUEST_PAGES);\n  driver.device.actualPages = driver.numPages;',
    to: "  const pages = yield* leakBalloon(driver, REQUEST_PAGES);\n  driver.device.actualPages = driver.numPages;\n  driver.phase = 'DUE';\n  yield* sizeWork(driver);",
  },
  {
    bug: 'the notifier does not write actual',
    file: `${BALLOON}/size-work.ts`,
    from: '  const pages = yield* leakBalloon(driver, REQUEST_PAGES);\n  driver.device.actualPages = driver.numPages;',
    to: '  const pages = yield* leakBalloon(driver, REQUEST_PAGES);',
  },
  {
    bug: 'the notifier does not wait for the balloon’s lock',
    file: `${BALLOON}/size-work.ts`,
    from: "while (driver.lock.held) yield { kind: 'MUTEX', mutex: driver.lock };",
    to: '',
  },
  {
    bug: 'filling does not wait for the balloon’s lock',
    file: `${BALLOON}/size-work.ts`,
    from: "return driver.phase === 'FILLED' ||",
    to: 'return',
  },
  {
    bug: 'pages that were allocated and not listed are forgotten',
    file: `${BALLOON}/size-work.ts`,
    from: '  balloonBatchEnqueue(memory, driver.list, held);',
    to: '  held.stretches--;\n  balloonBatchEnqueue(memory, driver.list, held);\n  held.stretches++;',
  },
  {
    bug: 'num_pages does not follow a leak',
    file: `${BALLOON}/size-work.ts`,
    from: '  driver.numPages -= count * pagesPerFrame;',
    to: '  driver.numPages -= count > 1 ? count * pagesPerFrame : 0;',
  },
];

catchesAll(
  ['memory-core/src', 'memory-core/test', 'guest/src', 'guest/test'],
  'guest/test/concurrency/suite.js',
  MUTANTS,
);
