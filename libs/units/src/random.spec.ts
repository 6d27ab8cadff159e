import { describe, expect, it } from '@jest/globals';
import { RandomStream } from './random.js';

const draws = (stream: RandomStream, count: number): number[] =>
  Array.from({ length: count }, () => stream.nextUint32());

describe('RandomStream', () => {
  it('gives the same draws for the same seed and purpose, and others for another purpose', () => {
    expect(draws(RandomStream.of(7, 'workload'), 5)).toEqual(draws(RandomStream.of(7, 'workload'), 5));
    expect(draws(RandomStream.of(7, 'workload'), 5)).not.toEqual(draws(RandomStream.of(7, 'faults'), 5));
  });

  it('goes on from its stored state as if it had never stopped', () => {
    const stream = RandomStream.of('guest-1');
    draws(stream, 100);
    const state = stream.state();
    expect(draws(RandomStream.from(state), 50)).toEqual(draws(stream, 50));
  });

  it('spreads evenly: each of 16 buckets holds 1/16 of 160,000 draws within 4 %', () => {
    const stream = RandomStream.of(1);
    const buckets = new Array<number>(16).fill(0);
    for (let draw = 0; draw < 160_000; draw++) buckets[stream.nextBelow(16)]! += 1;
    for (const count of buckets) expect(Math.abs(count - 10_000)).toBeLessThan(400);
  });

  it('has a normal draw with mean 0 and standard deviation 1', () => {
    const stream = RandomStream.of(2);
    const values = Array.from({ length: 50_000 }, () => stream.nextNormal());
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
    const deviation = Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length);
    expect(Math.abs(mean)).toBeLessThan(0.02);
    expect(Math.abs(deviation - 1)).toBeLessThan(0.02);
  });
});
