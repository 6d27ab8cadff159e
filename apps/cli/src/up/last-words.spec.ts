import { describe, expect, it } from '@jest/globals';
import { lastWordsOf } from './last-words.js';

describe('the last words of a part', () => {
  it.each([
    [
      'an error that nobody caught',
      'it begins\nfile:///dist/main.js:3\n  throw new TypeError("x");\n        ^\n\nTypeError: x\n    at main.js:3:9\n\nNode.js v20.20.0\n',
      'TypeError: x',
    ],
    [
      'something thrown that is no error',
      'it begins\nnode:internal/process/promises:394\n      triggerUncaughtException(err, true);\n      ^\n\n[database is gone]\n\nNode.js v22.1.0\n',
      '[database is gone]',
    ],
    ['a plain line', 'it begins\nDATABASE_URL must be set\n', 'DATABASE_URL must be set'],
    ['nothing', '', undefined],
    ['nothing but the version', 'Node.js v20.20.0\n', undefined],
  ])('are found after %s', (_, log, words) => {
    expect(lastWordsOf(log)).toBe(words);
  });
});
