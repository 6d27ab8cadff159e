import { describe, expect, it } from '@jest/globals';
import { demoFleet } from './demo-fleet.js';

describe('the demo fleet', () => {
  const { hosts, guests } = demoFleet();
  const on = (name: string) => guests.filter((guest) => guest.hostName === name);
  const sum = (sizes: readonly number[]): number => sizes.reduce((total, size) => total + size, 0);

  it('has 24 guests on 2 hosts, with names of their own', () => {
    expect(hosts).toHaveLength(2);
    expect(new Set(guests.map((guest) => guest.name)).size).toBe(24);
    expect(sum(hosts.map((host) => on(host.name).length))).toBe(24);
  });

  it('promises more than each host has, keeps floors that fit, and makes up for it with balloons', () => {
    for (const { name, capacityBytes, reservedBytes } of hosts) {
      const here = on(name);
      const assigned = sum(here.map((guest) => guest.assignedBytes));
      expect(assigned / capacityBytes).toBeGreaterThan(1.2);
      expect(sum(here.map((guest) => guest.minBytes))).toBeLessThanOrEqual(capacityBytes - reservedBytes);
      const balloons = sum(here.map((guest) => guest.balloonTargetBytes));
      expect(assigned - balloons).toBeLessThanOrEqual(capacityBytes - reservedBytes);
    }
    for (const guest of guests) {
      expect(guest.minBytes).toBeLessThanOrEqual(guest.assignedBytes - guest.balloonTargetBytes);
      expect(guest.assignedBytes % 2 ** 20).toBe(0);
    }
  });
});
