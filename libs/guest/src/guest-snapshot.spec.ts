import { describe, expect, it } from '@jest/globals';
import { GIB, MIB } from '#units';
import type { GuestOptions } from './guest-options.js';
import { Guest } from './guest.js';
import { packGuest, unpackGuest } from './guest-snapshot.js';
import { asciiJson } from './guest-state.js';
import { SyntheticWorkload } from './workload/synthetic-workload.js';
import { PLAIN_GUEST } from '../test/plain-guest.js';

const pattern = { meanRatio: 0.4, swingRatio: 0.2, periodMs: 600_000 };
const OPTIONS: GuestOptions = {
  ...PLAIN_GUEST,
  assignedBytes: 512 * MIB,
  workload: new SyntheticWorkload(pattern, 512 * MIB, 7),
  seed: 7,
  balloonCosts: { inflatePageUs: 4.4, discardPageUs: 0, deflatePageUs: 100 },
};

/** A guest at tick 12 whose driver waits for the host, with pages on its own list. */
function busyGuest(): Guest {
  const guest = Guest.boot(OPTIONS, 10);
  guest.requestBalloon('fill', 50_000, null);
  guest.advance();
  guest.requestBalloon('opération “é”', 0, 60_000);
  guest.advance();
  return guest;
}

/** A snapshot of `guest` with its state text changed. */
function tampered(change: (state: Record<string, unknown>) => void): Uint8Array {
  const parts = unpackGuest(busyGuest().snapshot());
  const state = JSON.parse(parts.state) as Record<string, unknown>;
  change(state);
  return packGuest({ ...parts, state: asciiJson(state) });
}

describe('a guest’s snapshot', () => {
  it('restores a guest that goes on as if it had never stopped', () => {
    const guest = busyGuest();
    const bytes = guest.snapshot();
    expect(unpackGuest(bytes).state).toMatch(/"phase":"LEAK_SENT".*"held":\[\d+,/);
    const restored = Guest.restore(OPTIONS, bytes);
    expect(restored.digest()).toBe(guest.digest());
    expect(Buffer.compare(restored.snapshot(), bytes)).toBe(0);
    for (let tick = 0; tick < 400; tick++) {
      expect(restored.advance()).toEqual(guest.advance());
    }
    expect(restored.read()).toEqual(guest.read());
    expect(restored.digest()).toBe(guest.digest());
  });

  it('of several processors is restored with them, and with no other number', () => {
    const options = { ...OPTIONS, cpus: 3 };
    const guest = Guest.boot(options, 10);
    for (let tick = 0; tick < 5; tick++) guest.advance();
    const restored = Guest.restore(options, guest.snapshot());
    expect(restored.digest()).toBe(guest.digest());
    expect(restored.advance()).toEqual(guest.advance());
    expect(() => Guest.restore(OPTIONS, guest.snapshot())).toThrow('other options');
  });

  it('is read from any place in a buffer', () => {
    const bytes = busyGuest().snapshot();
    const shifted = new Uint8Array(bytes.length + 3);
    shifted.set(bytes, 3);
    expect(Guest.restore(OPTIONS, shifted.subarray(3)).digest()).toBe(busyGuest().digest());
  });

  it('has another digest when anything differs', () => {
    const digest = (act: (guest: Guest) => void): string => {
      const guest = busyGuest();
      act(guest);
      return guest.digest();
    };
    const plain = digest(() => undefined);
    expect(digest(() => undefined)).toBe(plain);
    expect(digest((guest) => guest.advance())).not.toBe(plain);
    expect(digest((guest) => guest.requestBalloon('other', 0, 60_000))).not.toBe(plain);
  });

  it.each<[string, (bytes: Uint8Array) => Uint8Array, RegExp]>([
    ['cut off', (bytes) => bytes.subarray(0, bytes.length - 4), /says it is \d+ bytes long, it is \d+/],
    ['empty', () => new Uint8Array(0), /length of 0 bytes/],
    ['of another kind', (bytes) => bytes.fill(1, 0, 4), /magic BGST/],
    ['of another version', (bytes) => bytes.fill(9, 4, 5), /version 9, but only 3/],
    ['with a changed byte in memory', (bytes) => bytes.fill(bytes.at(-1)! ^ 1, -1), /memory snapshot: its digest/],
    ['with texts longer than it', (bytes) => bytes.fill(255, 16, 19), /texts are longer/],
  ])('refuses one that is %s', (_, damage, message) => {
    expect(() => Guest.restore(OPTIONS, damage(busyGuest().snapshot()))).toThrow(message);
  });

  it.each<[string, (state: Record<string, unknown>) => void, RegExp]>([
    [
      'no run state',
      (state) => delete state['run'],
      /field run must be one of RUNNING, PAUSED, OOM_KILLED, KERNEL_BUG/,
    ],
    ['a balloon of text', (state) => (state['balloon'] = 'big'), /field balloon must be an object/],
    ['no balloon', (state) => (state['balloon'] = null), /balloon where its options give none, or none/],
    [
      'a negative request',
      (state) => ((state['request'] as Record<string, unknown>)['targetPages'] = -1),
      /targetPages/,
    ],
    [
      'a row beyond the workload',
      (state) => (((state['programs'] as Record<string, Record<string, unknown>>)['state'] ??= {})['row'] = 99_999),
      /place in the workload/,
    ],
    [
      'too many held pages',
      (state) => ((state['balloon'] as Record<string, unknown>)['held'] = new Array<number>(257).fill(1)),
      /holds 257 pages/,
    ],
  ])('refuses a state with %s', (_, change, message) => {
    expect(() => Guest.restore(OPTIONS, tampered(change))).toThrow(message);
  });

  it.each<[string, Partial<GuestOptions>]>([
    ['RAM', { assignedBytes: GIB }],
    ['seed', { seed: 8 }],
    ['swap', { swapBytes: MIB }],
    ['profile', { kernelProfile: '6.1' }],
    ['workload', { workload: new SyntheticWorkload(pattern, 512 * MIB, 8) }],
  ])('refuses a guest with another %s', (_, options) => {
    expect(() => Guest.restore({ ...OPTIONS, ...options }, busyGuest().snapshot())).toThrow(/other options/);
  });
});
