import { describe, expect, it } from '@jest/globals';
import { MIB } from '#units';
import { findPolicy, POLICIES, policyNames } from '../registry.js';
import { describeParameters, numeric, oneOf, readParameters, toggle, unsetNumeric } from './parameters.js';
import { parseParameters } from './policy.js';

const SET = describeParameters({
  stepBytes: numeric('bytes', 100, 'step', { max: 1000, whole: true, otherNames: [{ name: 'step_mib', factor: MIB }] }),
  ratio: numeric('ratio', 0.5, 'ratio', { max: 1 }),
  goalBytes: unsetNumeric('bytes', 'goal', { min: -10 }),
  isOn: toggle(false, 'switch'),
  style: oneOf(['a', 'b'], 'a', 'style'),
});
const read = (input: unknown) => readParameters(SET, input);

describe('readParameters', () => {
  it('fills in defaults', () => {
    const value = { stepBytes: 100, ratio: 0.5, goalBytes: null, isOn: false, style: 'a' };
    for (const input of [{}, null, undefined]) expect(read(input)).toEqual({ ok: true, value });
  });

  it('takes texts as a command line gives them', () => {
    const input = { stepBytes: '7', ratio: '0.25', goalBytes: '-3', isOn: 'true', style: 'b' };
    expect(read(input)).toEqual({
      ok: true,
      value: { stepBytes: 7, ratio: 0.25, goalBytes: -3, isOn: true, style: 'b' },
    });
    expect(read({ goalBytes: 'null' })).toMatchObject({ ok: true, value: { goalBytes: null } });
  });

  it("knows the names of a policy's origin, in their unit", () => {
    expect(read({ step_bytes: 3 })).toMatchObject({ ok: true, value: { stepBytes: 3 } });
    const found = findPolicy('headroom');
    if (!found.ok) throw new Error('no headroom');
    const parsed = parseParameters(found.value, { min_adjustment_mib: 32, per_vm_cooldown_s: 2 });
    expect(parsed).toMatchObject({ ok: true, value: { minAdjustmentBytes: 32 * MIB, perVmCooldownMs: 2000 } });
  });

  it('lists every problem at once, with the name as given and what is accepted', () => {
    const parsed = read({ stepBytes: 1.5, ratio: 2, goalBytes: 'much', isOn: 1, style: 'c', colour: 'red' });
    if (parsed.ok) throw new Error('accepted');
    expect(parsed.problems.map(({ path }) => path)).toEqual([
      'stepBytes',
      'ratio',
      'goalBytes',
      'isOn',
      'style',
      'colour',
    ]);
    const messages = Object.fromEntries(parsed.problems.map(({ path, message }) => [path, message]));
    expect(messages['stepBytes']).toBe('must be a whole number from 0 to 1000, got 1.5');
    expect(messages['ratio']).toBe('must be a number from 0 to 1, got 2');
    expect(messages['goalBytes']).toContain('or null');
    expect(messages['isOn']).toBe('must be true or false, got 1');
    expect(messages['style']).toBe('must be one of a, b, got "c"');
    expect(messages['colour']).toContain('accepted: stepBytes, ratio, goalBytes, isOn, style');
  });

  it('refuses the same parameter under two names, infinities, and what is no object', () => {
    expect(read({ ratio: 0.1, RATIO: 0.2 })).toMatchObject({ ok: false });
    expect(read({ ratio: Infinity })).toMatchObject({ ok: false });
    expect(read({ stepBytes: null })).toMatchObject({ ok: false });
    for (const input of [[], 'x', 3]) expect(read(input)).toMatchObject({ ok: false });
  });
});

describe.each(POLICIES.map((policy) => ({ name: policy.name, policy })))('parameters of $name', ({ policy }) => {
  it('have defaults that they accept themselves', () => {
    const preset = Object.fromEntries(policy.parameters.map(({ name, default: value }) => [name, value]));
    expect(parseParameters(policy, preset)).toEqual({ ok: true, value: preset });
  });

  it('have names that are told apart, and say what they mean', () => {
    const canonical = policy.parameters.flatMap(({ name, otherNames }) =>
      [name, ...otherNames.map((other) => other.name)].map((text) =>
        text.replaceAll(/[^A-Za-z0-9]/g, '').toLowerCase(),
      ),
    );
    expect(new Set(canonical).size).toBe(canonical.length);
    for (const { description } of policy.parameters) expect(description.length).toBeGreaterThan(10);
    expect(policy.origin).not.toBe('');
  });
});

describe('findPolicy', () => {
  it('finds every policy by its name', () => {
    expect(policyNames).toEqual([
      'none',
      'proxmox',
      'mom',
      'esx',
      'squeezed',
      'senpai',
      'limit-cache',
      'headroom',
      'hyperv',
      'ballast',
    ]);
    for (const name of policyNames) expect(findPolicy(name)).toMatchObject({ ok: true, value: { name } });
  });

  it('answers an unknown name with the names there are', () => {
    const found = findPolicy('magic');
    if (found.ok) throw new Error('found');
    for (const name of policyNames) expect(found.problems[0]?.message).toContain(name);
  });
});
