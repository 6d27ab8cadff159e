import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { GIB } from '#units';
import { admit, type GuestRequest } from './admission.js';

const host = { id: 'h1', capacityBytes: 16 * GIB, reservedBytes: 1 * GIB, swapTotalBytes: 8 * GIB };
const guest = (id: string, minGib: number, assignedGib = 4): GuestRequest => ({
  id,
  minBytes: minGib * GIB,
  assignedBytes: assignedGib * GIB,
  maxBytes: assignedGib * GIB,
});
const many = (count: number, minGib: number): GuestRequest[] =>
  Array.from({ length: count }, (_, index) => guest(`g${index}`, minGib));

describe('admit', () => {
  it('admits guests whose floors fit, to the byte', () => {
    const admission = admit(host, many(3, 3), [guest('n1', 3), guest('n2', 3)]);
    expect(admission).toMatchObject({ outcome: 'ADMITTED', figures: { spareBytes: 0, overcommitRatio: 20 / 15 } });
    const oneMore = admit(host, many(3, 3), [{ ...guest('n1', 3), minBytes: 3 * GIB + 1 }, guest('n2', 3)]);
    expect(oneMore.outcome).toBe('REFUSED');
  });

  it('refuses with the numbers, and says how many would fit', () => {
    const admission = admit(host, many(2, 4), many(5, 2));
    expect(admission).toMatchObject({
      outcome: 'REFUSED',
      fittingCount: 3,
      figures: { forGuestsBytes: 15 * GIB, promisedBytes: 8 * GIB, askedBytes: 10 * GIB, spareBytes: -3 * GIB },
    });
    expect(admission.reason).toBe(
      'floors do not fit: 10 GiB asked beside 8192 MiB promised, 15 GiB for guests on host h1: 3072 MiB too much',
    );
  });

  it('counts an overhead for every guest', () => {
    expect(admit(host, [], many(5, 3), { overheadBytes: 1 }).outcome).toBe('REFUSED');
  });

  it('lists every rule that is broken', () => {
    const rules = { maxOvercommitRatio: 1.5, needsSwap: true };
    const { reason } = admit(host, [], [...many(10, 2), guest('odd', 5, 4)], rules);
    expect(reason).toContain('odd');
    expect(reason).toContain('floors do not fit');
    expect(reason).toContain('overcommit ratio would be 2.9, at most 1.5');
    expect(reason).toContain('do not fit into 8192 MiB of swap');
  });

  it('knows a host that has nothing for guests', () => {
    const full = { ...host, reservedBytes: 16 * GIB };
    expect(admit(full, [], [guest('a', 0)], { maxOvercommitRatio: 10 }).outcome).toBe('REFUSED');
    expect(admit(full, [], []).outcome).toBe('ADMITTED');
  });

  it('never promises more than there is, and admits exactly the guests it says fit', () => {
    const floors = fc.array(fc.integer({ min: 0, max: 6 }), { maxLength: 10 });
    fc.assert(
      fc.property(floors, floors, (there, asked) => {
        const existing = there.map((min, index) => guest(`e${index}`, min, 8));
        const wanted = asked.map((min, index) => guest(`w${index}`, min, 8));
        const admission = admit(host, existing, wanted);
        const sum = [...there, ...asked].reduce((all, min) => all + min, 0);
        expect(admission.outcome).toBe(sum <= 15 ? 'ADMITTED' : 'REFUSED');
        if (admission.outcome === 'ADMITTED' || there.reduce((all, min) => all + min, 0) > 15) return;
        expect(admit(host, existing, wanted.slice(0, admission.fittingCount)).outcome).toBe('ADMITTED');
        expect(admit(host, existing, wanted.slice(0, admission.fittingCount + 1)).outcome).toBe('REFUSED');
      }),
    );
  });
});
