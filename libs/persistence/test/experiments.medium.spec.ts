import { describe, expect, it } from '@jest/globals';
import { beginCell } from '../src/experiments/cell-steps.js';
import { Experiments } from '../src/experiments/experiments.js';
import { withDatabase } from './support/with-database.js';

const database = withDatabase();

describe('experiments', () => {
  it('that have not ended are at most a hundred; one that is cancelled makes room', async () => {
    const experiments = new Experiments(database());
    const create = (name: string) => {
      const cells = [{ policyAt: 0, ratioAt: 0, seedAt: 0 }];
      return experiments.create({ name, spec: {}, tracePath: null, requestedBy: 'test', idempotencyKey: name, cells });
    };
    const [first] = await Promise.all(Array.from({ length: 100 }, (_, at) => create(`experiment ${at}`)));
    await expect(create('one more')).rejects.toMatchObject({
      code: 'LIMIT_EXCEEDED',
      message: expect.stringContaining('experiments that have not ended must be at most 100'),
    });
    await expect(create('experiment 0')).resolves.toMatchObject({ id: first!.id });
    await experiments.cancel(first!.id);
    await expect(create('one more')).resolves.toMatchObject({ name: 'one more' });
  });

  it('can be called off while their cells begin: each step waits for the other', async () => {
    const experiments = new Experiments(database());
    await database().pool.query(`UPDATE experiment SET status = 'CANCELLED'`);
    const cells = Array.from({ length: 12 }, (_, seedAt) => ({ policyAt: 0, ratioAt: 0, seedAt }));
    for (let round = 0; round < 40; round++) {
      const request = {
        name: 'begun',
        spec: {},
        tracePath: null,
        requestedBy: 'beginner',
        idempotencyKey: null,
        cells,
      };
      const { id } = await experiments.create(request);
      await Promise.all([
        ...cells.map((_, place) => beginCell(database(), id, place)),
        experiments.cancel(id),
        ...cells.map((_, place) => beginCell(database(), id, place)),
      ]);
      const [ended] = await experiments.find([id]);
      const statuses = (await experiments.cellsOf([id])).map(({ status }) => status);
      expect([ended?.status, new Set(statuses)]).toEqual(['CANCELLED', new Set(['CANCELLED'])]);
      expect(await beginCell(database(), id, 0)).toBeNull();
    }
  });

  it('are deleted when they have ended, with their cells, and not before', async () => {
    const experiments = new Experiments(database());
    const cells = [{ policyAt: 0, ratioAt: 0, seedAt: 0 }];
    const request = { name: 'gone', spec: {}, tracePath: null, requestedBy: 'deleter', idempotencyKey: null, cells };
    await database().pool.query(`UPDATE experiment SET status = 'CANCELLED'`);
    const { id } = await experiments.create(request);
    await expect(experiments.delete(id)).rejects.toMatchObject({
      code: 'CONFLICT',
      field: 'input.id',
      message: expect.stringContaining('it is QUEUED: cancel it first'),
    });
    await experiments.cancel(id);
    await experiments.delete(id);
    expect([await experiments.find([id]), await experiments.cellsOf([id])]).toEqual([[], []]);
    for (const gone of [id, 'no id']) {
      await expect(experiments.delete(gone)).rejects.toMatchObject({ code: 'NOT_FOUND', field: 'input.id' });
    }
  });
});
