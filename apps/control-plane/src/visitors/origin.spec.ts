import { describe, expect, it } from '@jest/globals';
import { isWelcome } from './origin.js';

describe('who may open a WebSocket', () => {
  it.each([
    [undefined, '127.0.0.1:3000'],
    ['http://127.0.0.1:3000', '127.0.0.1:3000'],
    ['https://ballast.example', 'ballast.example'],
    ['http://localhost:5173', '127.0.0.1:3000'],
    ['http://[::1]:5173', 'ballast.example'],
  ])('lets %s to %s', (origin, host) => {
    expect(isWelcome({ headers: { host, ...(origin === undefined ? {} : { origin }) } })).toBe(true);
  });

  it.each([
    ['http://evil.example', '127.0.0.1:3000'],
    ['http://127.0.0.1.evil.example', '127.0.0.1:3000'],
    ['http://localhost.evil.example:3000', 'localhost:3000'],
    ['http://ballast.example:8080', 'ballast.example'],
    ['null', '127.0.0.1:3000'],
    ['', '127.0.0.1:3000'],
  ])('keeps %s from %s', (origin, host) => {
    expect(isWelcome({ headers: { origin, host } })).toBe(false);
  });
});
