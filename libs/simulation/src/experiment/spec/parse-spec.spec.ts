import { describe, expect, it } from '@jest/globals';
import { PRESETS } from './presets.js';
import { parseSpec } from './parse-spec.js';
import { SPEC_SCHEMA } from './spec-shape.js';

const TRACES = { kind: 'traces', format: 'GWA_T_12', path: 'traces' };

function problems(input: unknown): string[] {
  const read = parseSpec(input);
  return read.ok ? [] : read.problems.map(({ path, message }) => `${path}: ${message}`);
}

describe('a spec', () => {
  it('is complete with the source of its guests alone', () => {
    const read = parseSpec({ guests: { source: TRACES } });
    if (!read.ok) throw new Error(JSON.stringify(read.problems));
    expect(read.value).toMatchObject({
      name: 'experiment',
      hosts: { perHost: 8, swapBytes: 0 },
      guests: {
        source: { ...TRACES, sampling: 'ORDER', peaks: 'AS_RECORDED', scale: 1 },
        count: 24,
        assignedBytes: null,
        demand: 'MODEL',
        features: { balloonCompaction: true, deflateOnOom: false },
        commonFactor: { fleet: 0.03, tenant: 0.25 },
      },
      overcommitRatios: [1],
      policies: [{ name: 'none', label: 'none', parameters: {} }],
      seeds: [1],
      slo: { windowMs: 300_000 },
      costs: { inflateUs: 4.4 },
      faults: [],
    });
    expect(read.value).not.toHaveProperty('$schema');
  });

  it('that is complete reads as itself', () => {
    for (const { spec } of PRESETS) {
      const read = parseSpec(spec);
      expect(problems(spec)).toEqual([]);
      if (read.ok) expect(parseSpec(JSON.parse(JSON.stringify(read.value)))).toEqual(read);
    }
  });

  it('takes words and single names for costs and objective', () => {
    const read = parseSpec({ guests: { source: TRACES }, costs: 'OFF', slo: { usefulTimeRatio: 0.99 } });
    if (!read.ok) throw new Error('refused');
    expect(read.value.costs).toMatchObject({ inflateUs: 0, majorFaultUs: 0, healthyReclaimRatio: 1 });
    expect(read.value.slo).toMatchObject({ usefulTimeRatio: 0.99, windowMs: 300_000 });
    expect(parseSpec({ guests: { source: TRACES }, costs: { inflateUs: 9 } })).toMatchObject({
      value: { costs: { inflateUs: 9, deflateUs: 1.8 } },
    });
  });

  it('may run one policy several ways under labels', () => {
    const policies = [{ name: 'mom' }, { name: 'mom', label: 'mom, small steps', parameters: { maxStepBytes: 4096 } }];
    expect(parseSpec({ guests: { source: TRACES }, policies })).toMatchObject({
      value: { policies: [{ label: 'mom' }, { label: 'mom, small steps' }] },
    });
  });

  it('that cannot be run is refused with everything that is wrong', () => {
    const found = problems({
      hosts: { perHost: 0, swapBytes: -1 },
      guests: {
        source: { kind: 'traces', format: 'AZURE_V2', path: '' },
        cuont: 3,
        assignedBytes: 4096,
        demand: 'DIRECT',
        commonFactor: { fleet: 0.6, tenant: 0.6 },
        features: { teleport: true },
      },
      overcommitRatios: [0.5, 2, 2],
      policies: [
        { name: 'best' },
        { name: 'mom', parameters: { colour: 'red' } },
        { name: 'perfect', parameters: { a: 1 } },
      ],
      seeds: [],
      stepMs: 1500,
      durationMs: 10_000,
      warmUpMs: 10_000,
      costs: 'FREE',
      slo: { usefulTimeRatio: 7, windowMs: 0 },
      faults: [{ kind: 'FIRE' }, { kind: 'REFUSE', guestRatio: 2, fromMs: 5000, toMs: 4000 }],
    });
    for (const part of [
      'hosts.perHost: must be a whole number from 1 to 10000, got 0',
      'hosts.swapBytes: ',
      'guests.source.path: must be a non-empty text',
      'guests.cuont: is not a field; accepted: source, count',
      'guests.assignedBytes: must be a whole number from 67108864',
      'guests.features.teleport: is not a field',
      'guests.demand: must be MODEL: AZURE_V2 says nothing about memory in use',
      'guests.commonFactor: fleet and tenant must sum to at most 1, got 1.2',
      'overcommitRatios[0]: must be a number from 1 to 1000, got 0.5',
      'overcommitRatios[2]: must differ from overcommitRatios[1], both are 2',
      'policies[0].name: no policy is named "best"; accepted: none, proxmox',
      'policies[1].parameters.colour: is not a parameter',
      'policies[2].parameters: must be empty',
      'seeds: must have one entry at least',
      'stepMs: must be whole ticks of 1000 ms, got 1500',
      'durationMs: must be whole steps of 1500 ms, got 10000',
      'slo.windowMs: must be at least a step of 1500 ms, got 0',
      'warmUpMs: must be less than durationMs (10000), got 10000',
      'costs: must be DEFAULT, OFF or an object',
      'slo.usefulTimeRatio: ',
      'faults[0].kind: must be one of REFUSE, LATE_STATISTICS, HOST_LOSS, got "FIRE"',
      'faults[1].guestRatio: ',
      'faults[1]: must begin before it ends',
    ]) {
      expect(found.filter((line) => line.startsWith(part))).toHaveLength(1);
    }
    expect(found).toHaveLength(23);
  });

  it.each([null, 7, 'x', [], {}])('is refused when it is %j', (input) => {
    expect(problems(input).length).toBeGreaterThan(0);
  });

  it('of synthetic guests needs a share, and no column', () => {
    expect(problems({ guests: { source: { kind: 'synthetic', mix: { web: 0 } }, demand: 'DIRECT' } })).toEqual([
      'guests.source.mix: must have one share above 0 at least',
      'guests.demand: must be MODEL: archetypes have no column',
    ]);
    expect(problems({ guests: { source: { kind: 'synthetic', mix: { web: 2, jvm: 1 } } } })).toEqual([]);
  });

  it('has a JSON schema that names every field', () => {
    expect(SPEC_SCHEMA).toMatchObject({
      $schema: 'https://json-schema.org/draft/2020-12/schema',
      type: 'object',
      required: ['guests'],
      additionalProperties: false,
      properties: {
        guests: { properties: { source: { oneOf: [{ properties: { kind: { const: 'traces' } } }, {}] } } },
      },
    });
    expect(JSON.parse(JSON.stringify(SPEC_SCHEMA))).toEqual(SPEC_SCHEMA);
  });
});
