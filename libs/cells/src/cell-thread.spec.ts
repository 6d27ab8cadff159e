import { afterEach, describe, expect, it } from '@jest/globals';
import { aSpec } from '../../simulation/test/experiment/cells.js';
import { CellThread } from './cell-thread.js';

const KEY = { policyAt: 0, ratioAt: 0, seedAt: 0 };

/** A thread that answers what it is asked with `answer`. */
function threadThat(answer: string): URL {
  const text = `import { parentPort } from 'node:worker_threads'; parentPort.on('message', (key) => { ${answer} });`;
  return new URL(`data:text/javascript,${encodeURIComponent(text)}`);
}

const ENDS = "parentPort.postMessage({ kind: 'ENDED', result: { status: 'DONE', key } });";
const PROGRESSES = "parentPort.postMessage({ kind: 'PROGRESS', share: 0.5 });";

let thread: CellThread;
afterEach(() => thread.stop());

function open(answer: string): CellThread {
  thread = new CellThread({ spec: aSpec(), index: null, tracePath: null }, 0, threadThat(answer));
  return thread;
}

describe('a cell on a thread', () => {
  it('comes to its result', async () => {
    const result = await open(ENDS).run(KEY, new AbortController().signal, () => undefined);
    expect(result).toEqual({ status: 'DONE', key: KEY });
  });

  it('is not run when it was called off before', async () => {
    expect(await open(ENDS).run(KEY, AbortSignal.abort(), () => undefined)).toBeNull();
  });

  it('is called off while it runs', async () => {
    const caller = new AbortController();
    expect(await open(PROGRESSES).run(KEY, caller.signal, () => caller.abort())).toBeNull();
  });

  it('fails when its thread dies, and the thread is known to be dead', async () => {
    const result = await open('process.exit(3);').run(KEY, new AbortController().signal, () => undefined);
    expect(result).toEqual({ status: 'FAILED', key: KEY, error: 'its thread ended with code 3' });
    expect(thread.isDead).toBe(true);
  });
});
