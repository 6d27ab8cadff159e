import { afterEach, expect, it } from '@jest/globals';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Part } from './part.js';

const folder = mkdtempSync(join(tmpdir(), 'ballast-part-'));
let part: Part;

afterEach(async () => {
  await part.stop();
  rmSync(folder, { recursive: true });
});

it('says what ended a part that fell, and starts it again', async () => {
  const entry = join(folder, 'part.mjs');
  writeFileSync(entry, "process.send({ kind: 'ready' }); setInterval(() => undefined, 1000);");
  const causes: string[] = [];
  const pids: (number | undefined)[] = [];
  let noteBegun: () => void;
  const begunAgain = new Promise<void>((resolve) => (noteBegun = resolve));
  part = new Part({
    name: 'worker',
    entry,
    environment: process.env,
    logFile: join(folder, 'worker.log'),
    onProcess: () => {
      if (pids.push(part.pid) === 2) noteBegun();
    },
    onFall: (cause) => causes.push(cause),
  });
  await part.start();
  void part.watch();
  process.kill(part.pid ?? 0, 'SIGKILL');
  await begunAgain;
  expect(causes).toEqual(['SIGKILL']);
  expect(new Set(pids).size).toBe(2);
});
