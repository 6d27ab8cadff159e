import { describe, expect, it } from '@jest/globals';
import { alignDownToPage, bytesToKib, bytesToPages, pagesToBytes } from './memory.js';

describe('sizes', () => {
  it('converts between pages and bytes without losing a page', () => {
    expect(pagesToBytes(131_072)).toBe(536_870_912);
    expect(bytesToPages(536_870_912)).toBe(131_072);
    expect(bytesToPages(4095)).toBe(0);
    expect(bytesToKib(536_870_912)).toBe(524_288);
    expect(alignDownToPage(8191)).toBe(4096);
  });

  it.each([-1, 0.5, Number.NaN, 2 ** 53])('refuses %p, naming the field and the range', (value) => {
    expect(() => bytesToPages(value)).toThrow(/bytes must be a whole number from 0 to 9007199254740991/);
  });
});
