import { describe, expect, it } from '@jest/globals';
import { parseGuestWork } from './guest-work.js';
import { PAYLOAD_PARSERS } from './jobs.js';

describe('work on a guest as its row carries it', () => {
  const compact = { kind: 'COMPACT', node: null, zone: 'DMA32', order: 9, mode: 'SYNC' };

  it.each([
    [compact],
    [{ ...compact, node: 1, zone: null, order: null, mode: 'ASYNC' }],
    [{ kind: 'OFFLINE_MEMORY_BLOCK', block: 0 }],
    [{ kind: 'ONLINE_MEMORY_BLOCK', block: 12 }],
    [{ kind: 'PAUSE' }],
    [{ kind: 'RESUME' }],
  ])('is read as it was written: %j', (work) => {
    expect(parseGuestWork(JSON.parse(JSON.stringify({ ...work, extra: 1 })))).toEqual(work);
  });

  it.each([
    [null, 'work'],
    ['PAUSE', 'work'],
    [{ kind: 'REBOOT' }, 'kind'],
    [{ ...compact, zone: 'HighMem' }, 'zone'],
    [{ ...compact, node: -1 }, 'node'],
    [{ ...compact, order: 1.5 }, 'order'],
    [{ ...compact, mode: undefined }, 'mode'],
    [{ kind: 'OFFLINE_MEMORY_BLOCK' }, 'block'],
  ])('refuses %j, naming %s', (data, field) => {
    expect(() => parseGuestWork(data)).toThrow(expect.objectContaining({ code: 'BAD_INPUT', field }));
  });
});

describe('questions on the queue', () => {
  const ask = (question: unknown): unknown =>
    PAYLOAD_PARSERS.inspections({ version: 1, guestId: 'g', question }).question;

  it('are files of /proc and maps of pages', () => {
    const questions = [
      { kind: 'PROCFS', file: 'ZONEINFO' },
      { kind: 'PAGE_MAP', columns: 4096 },
    ];
    expect(questions.map(ask)).toEqual(questions);
  });

  it.each([
    [{ kind: 'PROCFS', file: 'KMSG' }, 'question.file'],
    [{ kind: 'PAGE_MAP', columns: 0 }, 'question.columns'],
    [{ kind: 'PAGE_MAP', columns: 4097 }, 'question.columns'],
    [{ kind: 'PAGE_MAP' }, 'question.columns'],
    [{ kind: 'WEATHER' }, 'question.kind'],
    [undefined, 'question.kind'],
  ])('refuses %j, naming %s', (question, field) => {
    expect(() => ask(question)).toThrow(expect.objectContaining({ code: 'BAD_INPUT', field }));
  });
});
