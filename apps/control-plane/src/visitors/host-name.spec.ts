import { describe, expect, it } from '@jest/globals';
import { answersTo } from './host-name.js';

const LOCAL = { isExposed: false, hostNames: [] };
const PROXIED = { isExposed: false, hostNames: ['ballast.example'] };
const EXPOSED = { isExposed: true, hostNames: [] };
const NAMED = { isExposed: true, hostNames: ['ballast.example'] };

describe('which names the API answers to', () => {
  it.each([
    ['127.0.0.1:3000', LOCAL],
    ['localhost:3000', LOCAL],
    ['LOCALHOST', LOCAL],
    ['[::1]:3000', LOCAL],
    ['ballast.example', PROXIED],
    ['Ballast.Example:8443', PROXIED],
    ['localhost:3000', PROXIED],
    ['10.0.0.7:3000', EXPOSED],
    [undefined, EXPOSED],
    ['ballast.example', NAMED],
  ])('to %s, given %j', (host, names) => {
    expect(answersTo(host, names)).toBe(true);
  });

  it.each([
    ['evil.example:3000', LOCAL],
    ['127.0.0.1.evil.example:3000', LOCAL],
    ['localhost.evil.example', LOCAL],
    ['10.0.0.7:3000', LOCAL],
    ['user@evil.example', LOCAL],
    ['', LOCAL],
    [undefined, LOCAL],
    ['evil.example', PROXIED],
    ['10.0.0.7:3000', NAMED],
  ])('not to %s, given %j', (host, names) => {
    expect(answersTo(host, names)).toBe(false);
  });
});
