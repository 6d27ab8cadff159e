/**
 * What Firecracker and Cloud Hypervisor assert of a balloon in a real guest, on ours. The case files say where each comes from;
 * cases about an API, a log or a device that is taken away are not ours to repeat.
 */
import { describe, expect, it } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { Guest, IDLE_WORKLOAD, type GuestOptions } from '#guest';
import { createOwner, destroyOwner, growOwner, readUsage } from '#memory-core';
import { GIB, KIB, MIB, PAGE_SIZE_BYTES } from '#units';

interface Cases {
  readonly behaviour_cases_guest_256MiB_2vcpu?: readonly { readonly id: string }[];
  readonly cases?: readonly { readonly id: string }[];
}

function idsOf(peer: string): string[] {
  const file = new URL(`../cases/${peer}-balloon.json`, import.meta.url);
  const { behaviour_cases_guest_256MiB_2vcpu: behaviours, cases } = JSON.parse(readFileSync(file, 'utf8')) as Cases;
  return (behaviours ?? cases ?? []).map(({ id }) => id);
}

const OPTIONS: GuestOptions = {
  assignedBytes: 256 * MIB,
  numaNodes: 1,
  kernelProfile: '6.12',
  memoryBallooning: true,
  balloonCompaction: true,
  deflateOnOom: false,
  freePageReporting: false,
  freePageHinting: false,
  workload: IDLE_WORKLOAD,
  seed: 1,
};
/** In the peers' tests a balloon has this long to get where it is sent. */
const CONVERGENCE_TICKS = 5;

/** A guest as such a test drives it. */
class TestGuest {
  constructor(readonly guest: Guest) {}

  static boot(more: Partial<GuestOptions> = {}): TestGuest {
    return new TestGuest(Guest.boot({ ...OPTIONS, ...more }, 0)).wait(3);
  }

  wait(ticks: number): this {
    for (let tick = 0; tick < ticks; tick++) this.guest.advance();
    return this;
  }

  /** Sets the balloon's target and waits; what the host backs afterwards, KiB. Ours hold on to more than their tiny images. */
  balloon(mebibytes: number): number {
    const pages = (mebibytes * MIB) / PAGE_SIZE_BYTES;
    this.guest.requestBalloon('target', pages, null);
    this.wait(CONVERGENCE_TICKS);
    const { heldPages } = this.guest.read().balloon;
    expect(Math.abs(heldPages - pages)).toBeLessThanOrEqual(0.1 * pages);
    return this.rssKib();
  }

  /** A program that writes to so much memory and ends; what the host backs meanwhile, KiB. */
  dirty(mebibytes: number): number {
    const { memory } = this.guest;
    const owner = createOwner(memory, 'ANON');
    growOwner(memory, owner, (mebibytes * MIB) / PAGE_SIZE_BYTES);
    const rssKib = this.rssKib();
    destroyOwner(memory, owner);
    this.wait(1);
    return rssKib;
  }

  rssKib(): number {
    return (readUsage(this.guest.memory).residentPages * PAGE_SIZE_BYTES) / KIB;
  }
}

const FIRECRACKER: Readonly<Record<string, () => void>> = {
  'rss-lower': () => {
    const test = TestGuest.boot();
    const first = test.balloon(200);
    test.balloon(0);
    test.dirty(32);
    expect(test.balloon(200) - first).toBeLessThanOrEqual(15_000);
  },
  'inflate-reduces-free': () => {
    const test = TestGuest.boot();
    const before = test.guest.read().freePages;
    test.balloon(64);
    const droppedKib = ((before - test.guest.read().freePages) * PAGE_SIZE_BYTES) / KIB;
    expect(droppedKib).toBeGreaterThanOrEqual(0.85 * 64_000);
  },
  reinflate: () => {
    const test = TestGuest.boot();
    test.balloon(200);
    test.balloon(0);
    const first = test.dirty(32);
    const second = test.balloon(200);
    test.balloon(0);
    const third = test.dirty(32);
    const fourth = test.balloon(200);
    expect(third - first).toBeLessThanOrEqual(20_000);
    expect(Math.abs(second - fourth)).toBeLessThanOrEqual(20_000);
  },
  'size-reduction': () => {
    const inflating = TestGuest.boot();
    const inflated = inflating.dirty(100) - inflating.balloon(200);
    const reporting = TestGuest.boot({ freePageReporting: true });
    const reported = reporting.dirty(100) - reporting.wait(5).rssKib();
    for (const reducedKib of [inflated, reported]) expect(reducedKib).toBeGreaterThanOrEqual(10_000);
  },
  snapshot: () => {
    const test = TestGuest.boot();
    const dirtied = test.dirty(60);
    const shrunk = test.balloon(20);
    expect(shrunk).toBeLessThanOrEqual(dirtied);
    const restored = new TestGuest(Guest.restore(OPTIONS, test.guest.snapshot()));
    expect(restored.rssKib()).toBe(shrunk);
    const again = restored.dirty(100);
    expect(again).toBeGreaterThan(shrunk);
    expect(restored.balloon(160)).toBeLessThan(again);
    expect(restored.guest.balloonStatistics()).not.toEqual(test.guest.balloonStatistics());
  },
};

describe('what Firecracker asserts of a guest of 256 MiB', () => {
  /** They assert on an API, on the device's being taken away and on the guest's log. */
  const others = ['stats-interval-change-refreshes', 'device-reset', 'no-stalls'];

  it('is repeated whole', () => {
    expect([...Object.keys(FIRECRACKER), ...others].toSorted()).toEqual(idsOf('firecracker').toSorted());
  });

  it.each(Object.entries(FIRECRACKER))('%s', (_id, assert) => {
    assert();
  });

  it('refuses a target above its memory', () => {
    const { guest } = TestGuest.boot();
    guest.requestBalloon('all', GIB / PAGE_SIZE_BYTES, null);
    expect(guest.advance()).toMatchObject([{ outcome: 'REFUSED' }]);
  });
});

const CLOUD_HYPERVISOR: Readonly<Record<string, () => void>> = {
  'deflate-on-oom': () => {
    const test = TestGuest.boot({ assignedBytes: 4 * GIB, deflateOnOom: true });
    const target = (2 * GIB) / PAGE_SIZE_BYTES;
    test.guest.requestBalloon('half', target, null);
    expect(test.wait(20).guest.read().balloon.heldPages).toBe(target);
    test.dirty(2560);
    expect(test.guest.read().balloon.heldPages).toBeLessThan(target);
  },
  'free-page-reporting': () => {
    const test = TestGuest.boot({ assignedBytes: 4 * GIB, freePageReporting: true });
    expect(test.rssKib()).toBeLessThan(1_048_576);
    expect(test.dirty(2048)).toBeGreaterThanOrEqual(2_097_152);
    expect(test.wait(60).rssKib()).toBeLessThan(2_097_152);
  },
};

describe('what Cloud Hypervisor asserts of a guest of 4 GiB', () => {
  it('is repeated as far as it is about balloons', () => {
    expect(Object.keys(CLOUD_HYPERVISOR)).toEqual(idsOf('cloud-hypervisor'));
  });

  it.each(Object.entries(CLOUD_HYPERVISOR))('%s', (_id, assert) => {
    assert();
  });
});
