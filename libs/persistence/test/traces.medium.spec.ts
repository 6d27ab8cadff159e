import { describe, expect, it } from '@jest/globals';
import { Experiments } from '../src/experiments/experiments.js';
import { Guests } from '../src/guests/guests.js';
import { Traces } from '../src/traces/traces.js';
import { aDraft, aHost, admitAll } from './support/a-fleet.js';
import { withDatabase } from './support/with-database.js';

const database = withDatabase();

describe('an imported trace', () => {
  it('is deleted with its files when nobody needs it, and not before', async () => {
    const [traces, guests, experiments] = [new Traces(database()), new Guests(database()), new Experiments(database())];
    const files = [{ name: 'a.csv', text: 'vm,timeMs,bytes\na,0,1\n' }];
    const { id } = await traces.import({ name: 'needed', format: 'BALLAST', series: [], files });
    const { id: other } = await traces.import({ name: 'other', format: 'BALLAST', series: [], files });
    const host = await aHost(database());
    const workload = { kind: 'TRACE', traceId: id, vm: 'a', offsetMs: 0 } as const;
    const [guest] = await guests.create(host.id, [aDraft({ workload })], admitAll);
    const experiment = await experiments.create({
      name: 'shows it',
      spec: {},
      tracePath: `trace:${id}`,
      requestedBy: 'test',
      idempotencyKey: null,
      cells: [{ policyAt: 0, ratioAt: 0, seedAt: 0 }],
    });
    const refusal = (says: string): object => ({
      code: 'CONFLICT',
      field: 'input.id',
      message: expect.stringContaining(says),
    });
    await expect(traces.delete(id)).rejects.toMatchObject(refusal('1 guests replay it, 1 experiments show it'));
    await guests.delete(guest!.id);
    await expect(traces.delete(id)).rejects.toMatchObject(refusal('0 guests replay it, 1 experiments show it'));
    await experiments.cancel(experiment.id);
    await expect(traces.delete(id)).rejects.toMatchObject(refusal('1 experiments show it'));
    await experiments.delete(experiment.id);
    await traces.delete(id);
    expect([await traces.find([id]), await traces.filesOf(id)]).toEqual([[], []]);
    expect(await traces.filesOf(other)).toEqual(files);
    for (const gone of [id, 'no id']) {
      await expect(traces.delete(gone)).rejects.toMatchObject({ code: 'NOT_FOUND', field: 'input.id' });
    }
  });
});
