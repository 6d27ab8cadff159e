/** A part that takes `drainMs` (first argument) of the 400 ms it has to end, or fails (second argument `fails`). */
import { setTimeout as sleep } from 'node:timers/promises';
import { onShutdown, reportReady } from '#platform';

const [, , drainMs = '0', how = ''] = process.argv;
onShutdown(
  async () => {
    await sleep(Number(drainMs));
    if (how === 'fails') throw new Error('cannot save');
    console.log('saved');
  },
  { drainMs: 400, onBegin: (cause) => console.log(`stopping: ${cause}`) },
);
setInterval(() => undefined, 1_000);
reportReady();
