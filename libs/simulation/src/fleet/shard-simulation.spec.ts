import { describe, expect, it } from '@jest/globals';
import { DomainError, PROC_FILES, type InspectionAnswers, type ProcFile } from '#contracts';
import { Guest, type GuestReading } from '#guest';
import { GIB, MIB, bytesToPages, pagesToBytes } from '#units';
import { aGuest } from '../../test/members.js';
import { toGuestOptions } from './guest-options.js';
import { ShardSimulation } from './shard-simulation.js';

function target(operationId: string, tick: number, targetBytes: number) {
  return { kind: 'SET_BALLOON_TARGET' as const, guestId: 'a', tick, operationId, targetBytes, timeoutMs: null };
}

function thrown(act: () => unknown): unknown {
  try {
    act();
  } catch (error) {
    return error;
  }
  return undefined;
}

describe('ShardSimulation', () => {
  it('samples a guest at birth, every fifth tick, and when an operation ends', () => {
    const simulation = new ShardSimulation();
    const member = aGuest('a', { assignedBytes: GIB });
    const first = simulation.boot(member, 7);
    expect(first).toMatchObject({ guestId: 'a', tick: 7, state: 'RUNNING', balloonState: 'IDLE' });
    const { samples, results } = simulation.advance(7, 17, [target('op', 13, 512 * MIB)]);
    expect(samples.map((sample) => sample.tick)).toEqual([10, 13, 15]);
    expect(results).toEqual([
      {
        operationId: 'op',
        guestId: 'a',
        tick: 13,
        outcome: 'REACHED',
        achievedBytes: 512 * MIB,
        deficitBytes: 0,
        result: null,
        reason: 'the balloon holds 512 MiB of 512 MiB, reached after 0.3 s',
      },
    ]);
    // MemFree alone falls by whole refills of the per-CPU lists: what these hold is asked of the same guest, run by itself.
    const twin = Guest.boot(toGuestOptions(member), 7);
    const unheldPages = ({ freePages, perCpuPages }: GuestReading): number => freePages + perCpuPages;
    const unheldAtBirth = unheldPages(twin.read());
    while (twin.tick < 12) twin.advance();
    twin.requestBalloon('op', bytesToPages(512 * MIB), null);
    twin.advance();
    expect(unheldAtBirth - unheldPages(twin.read())).toBe(131_072);
    expect(samples[1]!.values).toMatchObject({
      balloonTargetBytes: 512 * MIB,
      balloonActualBytes: 512 * MIB,
      inflatedPagesTotal: 131_072,
      freeBytes: pagesToBytes(twin.read().freePages),
      totalBytes: first.values.totalBytes - 512 * MIB,
    });
    expect(samples[0]!.stateDigest).toBe(first.stateDigest); // nothing happened
    expect(samples[1]!.stateDigest).not.toBe(first.stateDigest);
  });

  it('takes several commands of one tick in their order', () => {
    const simulation = new ShardSimulation();
    simulation.boot(aGuest('a', { assignedBytes: GIB }), 0);
    const commands = [
      target('first', 1, 100 * MIB),
      target('second', 1, 200 * MIB),
      { kind: 'CANCEL' as const, guestId: 'a', tick: 1, operationId: 'second' },
      target('third', 1, 300 * MIB),
    ];
    const { results } = simulation.advance(0, 1, commands);
    expect(results.map(({ operationId, outcome }) => [operationId, outcome])).toEqual([
      ['first', 'SUPERSEDED'],
      ['second', 'CANCELLED'],
      ['third', 'REACHED'],
    ]);
  });

  it('refuses an operation of one guest and goes on with the others', () => {
    const simulation = new ShardSimulation();
    simulation.boot(aGuest('a', { features: { ...aGuest('x').configuration.features, memoryBallooning: false } }), 0);
    simulation.boot(aGuest('b'), 0);
    const { samples, results } = simulation.advance(0, 5, [target('op', 1, MIB)]);
    expect(results).toMatchObject([{ guestId: 'a', outcome: 'REFUSED', achievedBytes: 0, deficitBytes: MIB }]);
    expect(samples.filter((sample) => sample.tick === 5).map((sample) => sample.guestId)).toEqual(['a', 'b']);
  });

  it('brings one guest up to the others by itself', () => {
    const simulation = new ShardSimulation();
    simulation.boot(aGuest('a'), 0);
    simulation.advance(0, 30, []);
    simulation.boot(aGuest('b'), 10);
    expect(simulation.advanceGuest('b', 10, 30, []).samples.map((sample) => sample.tick)).toEqual([15, 20, 25, 30]);
    simulation.advance(30, 31, []);
    expect(simulation.snapshot('b').tick).toBe(31);
    simulation.remove('b');
    expect(thrown(() => simulation.snapshot('b'))).toMatchObject({ code: 'NOT_FOUND' });
  });

  it('prints the files of /proc', () => {
    const simulation = new ShardSimulation();
    simulation.boot(aGuest('a'), 3);
    const ask = (file: ProcFile) => simulation.inspect('a', { kind: 'PROCFS', file }) as InspectionAnswers['PROCFS'];
    expect(ask('BUDDYINFO')).toMatchObject({ tick: 3 });
    expect(PROC_FILES.map((file) => ask(file).text).every((text) => text.endsWith('\n'))).toBe(true);
    expect(ask('BUDDYINFO').text).toMatch(/^Node 0, zone {6}DMA /);
    expect(ask('VMSTAT').text).toMatch(/^nr_free_pages \d+\n/);
    expect(ask('MEMINFO').text).toMatch(/^MemTotal: /);
  });

  it('maps the pages of a guest as shares', () => {
    const simulation = new ShardSimulation();
    simulation.boot(aGuest('a'), 3);
    const { tick, pagesPerCell, cells } = simulation.inspect('a', {
      kind: 'PAGE_MAP',
      columns: 16,
    }) as InspectionAnswers['PAGE_MAP'];
    expect([tick, cells.length, pagesPerCell]).toEqual([3, 16, expect.any(Number)]);
    for (const cell of cells) {
      expect(cell).toHaveLength(6);
      expect(cell.reduce((sum, share) => sum + share, 0)).toBeLessThanOrEqual(1.000_001);
    }
  });

  it('a paused guest neither runs nor ages: afterwards it is as if the pause had not been', () => {
    const work = (kind: 'PAUSE' | 'RESUME', tick: number) =>
      ({
        kind: 'PERFORM',
        guestId: 'a',
        tick,
        operationId: `${kind}-${tick}`,
        work: { kind },
        timeoutMs: null,
      }) as const;
    const inflate = (tick: number) =>
      ({
        kind: 'SET_BALLOON_TARGET',
        guestId: 'a',
        tick,
        operationId: 'i',
        targetBytes: 2 ** 26,
        timeoutMs: 9000,
      }) as const;
    const straight = new ShardSimulation();
    straight.boot(aGuest('a'), 0);
    const reached = straight.advance(0, 20, [inflate(3)]).results[0];

    const paused = new ShardSimulation();
    paused.boot(aGuest('a'), 0);
    const { results, samples } = paused.advance(0, 60, [
      inflate(3),
      work('PAUSE', 3),
      work('PAUSE', 7),
      work('RESUME', 43),
    ]);
    expect(results.map(({ operationId, tick, outcome }) => [operationId, tick, outcome])).toEqual([
      ['PAUSE-3', 3, 'DONE'],
      ['PAUSE-7', 7, 'DONE'],
      ['i', (reached?.tick ?? 0) + 40, 'REACHED'],
      ['RESUME-43', 43, 'DONE'],
    ]);
    const stateAt = new Map(samples.map((sample) => [sample.tick, sample.state]));
    expect([3, 40, 43].map((tick) => stateAt.get(tick))).toEqual(['PAUSED', 'PAUSED', 'RUNNING']);
    expect(paused.snapshot('a').tick).toBe(60);
  });

  it('a paused guest comes back paused from its snapshot', () => {
    const simulation = new ShardSimulation();
    simulation.boot(aGuest('a'), 0);
    const pause = {
      kind: 'PERFORM',
      guestId: 'a',
      tick: 2,
      operationId: 'p',
      work: { kind: 'PAUSE' },
      timeoutMs: null,
    } as const;
    simulation.advance(0, 9, [pause]);
    const { bytes, digest } = simulation.snapshot('a');
    const other = new ShardSimulation();
    expect(other.restore(aGuest('a'), bytes)).toEqual({ tick: 9, digest });
    expect(other.advance(9, 10, []).samples[0]).toMatchObject({ tick: 10, state: 'PAUSED', stateReason: null });
    expect(other.advance(10, 15, []).samples).toEqual(simulation.advance(9, 15, []).samples.slice(1));
  });

  it.each([
    ['a size that no PC has', { assignedBytes: 4096 }, 'BAD_INPUT'],
    [
      'a trace that is not there',
      { workload: { kind: 'TRACE', traceId: 't', vm: '7', offsetMs: 0 } as const },
      'NOT_FOUND',
    ],
  ])('refuses %s with an operating error', (_, configuration, code) => {
    const error = thrown(() => new ShardSimulation().boot({ ...aGuest('a', configuration), series: null }, 0));
    expect(error).toBeInstanceOf(DomainError);
    expect(error).toMatchObject({ code });
  });
});
