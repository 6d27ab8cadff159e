import { describe, expect, it } from '@jest/globals';
import { DEFAULT_GUEST_FEATURES, type GuestCommand, type WorkloadSpec } from '#contracts';
import type { GuestMember, RecoverableGuest } from '#persistence';
import { MIB } from '#units';
import { GuestGroup } from './guest-group.js';

const BUSY: WorkloadSpec = { kind: 'SYNTHETIC', meanRatio: 0.3, swingRatio: 0.2, periodMs: 60_000 };

function member(guestId: string, workload: WorkloadSpec = BUSY): GuestMember {
  const features = DEFAULT_GUEST_FEATURES;
  return {
    guestId,
    series: null,
    configuration: { assignedBytes: 256 * MIB, kernelProfile: '6.12', numaNodes: 1, features, workload, seed: 7 },
  };
}

const POISON = member('poison', { kind: 'TRACE', traceId: 'none', vm: 'none', offsetMs: 0 });

function inflate(tick: number, mib: number): GuestCommand {
  const operationId = `op-${tick}`;
  return { kind: 'SET_BALLOON_TARGET', guestId: 'a', tick, operationId, targetBytes: mib * MIB, timeoutMs: null };
}

const COMMANDS = [inflate(3, 32), inflate(21, 64)];

/** A guest that lived to tick 40, frozen at tick 20 (or never), with its sample of tick 40. */
function aPast(isFrozen: boolean): RecoverableGuest {
  const group = new GuestGroup({ auditEveryTicks: 0 });
  group.boot([member('a')], 0);
  group.advance(0, 20, COMMANDS.slice(0, 1));
  const snapshot = isFrozen ? group.freeze(['a'])[0]! : null;
  const latest = group.advance(20, 40, COMMANDS.slice(1)).samples.at(-1)!;
  const commands = isFrozen ? COMMANDS.slice(1) : COMMANDS;
  return { member: member('a'), bornTick: 0, snapshot, commands, latest };
}

describe('GuestGroup', () => {
  it('boots the others when one cannot be, and says why', () => {
    const { samples, stopped } = new GuestGroup({ auditEveryTicks: 0 }).boot([member('a'), POISON, member('b')], 5);
    expect(samples.map((sample) => [sample.guestId, sample.tick])).toEqual([
      ['a', 5],
      ['b', 5],
    ]);
    expect(stopped).toEqual([{ guestId: 'poison', reason: expect.stringMatching(/^it could not boot: .*none/) }]);
  });

  it('puts a guest out that fails in a step, and goes on with the others', () => {
    const group = new GuestGroup({ auditEveryTicks: 0 });
    group.boot([member('a')], 0);
    group.boot([member('late')], 3);
    const { samples, stopped } = group.advance(0, 5, []);
    expect(samples.map((sample) => sample.guestId)).toEqual(['a']);
    expect(stopped).toEqual([{ guestId: 'late', reason: expect.stringMatching(/between ticks 0 and 5/) }]);
    expect(group.advance(5, 10, []).stopped).toEqual([]);
  });

  it.each([
    ['its snapshot', true],
    ['its birth', false],
  ])('brings a guest back from %s to the state it had', (_, isFrozen) => {
    const group = new GuestGroup({ auditEveryTicks: 0 });
    const fromTick = isFrozen ? 20 : 0;
    expect(group.recover([aPast(isFrozen)], 43)).toEqual([
      { guestId: 'a', replayedTicks: 43 - fromTick, problem: null },
    ]);
    expect(group.freeze(['a'])[0]?.tick).toBe(43);
  });

  it.each<[string, (past: RecoverableGuest) => RecoverableGuest, RegExp]>([
    ['a lost command', (past) => ({ ...past, commands: [] }), /^its replay to tick 40 has digest .*, stored was/],
    ['another seed', (past) => ({ ...past, member: reseeded(past.member) }), /could not be brought from tick 20 to 43/],
    [
      'another digest than the stored',
      (past) => ({ ...past, snapshot: { ...past.snapshot!, digest: 'other' } }),
      /^its snapshot of tick 20 has digest .*, stored was other/,
    ],
    [
      'bytes that are no snapshot',
      (past) => ({ ...past, snapshot: { ...past.snapshot!, bytes: new Uint8Array([1, 2, 3]) } }),
      /could not be brought from tick 20 to 43/,
    ],
    [
      'a stored sample that does not come again',
      (past) => ({ ...past, latest: { ...past.latest!, tick: 38 } }),
      /no sample at tick 38/,
    ],
  ])('does not run a guest with %s', (_, spoil, problem) => {
    const group = new GuestGroup({ auditEveryTicks: 0 });
    const reports = group.recover(
      [spoil(aPast(true)), { ...aPast(false), member: member('b'), commands: [], latest: null }],
      43,
    );
    expect(reports[0]?.problem).toMatch(problem);
    expect(reports[1]?.problem).toBeNull();
    expect(group.advance(43, 45, []).samples.map((sample) => sample.guestId)).toEqual(['b']);
  });
});

function reseeded(of: GuestMember): GuestMember {
  return { ...of, configuration: { ...of.configuration, seed: 8 } };
}
