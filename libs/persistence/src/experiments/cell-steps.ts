/** How an experiment gets on: cells begun, at work, ended; then the answer. Each step is one statement, or one transaction. */
import type { Database } from '../database.js';
import { notify } from '../notifications.js';

/** Of a row of `experiment`: cells were done before it was cancelled, and nobody has tried to answer from them. */
const CANCELLED_WITHOUT_ANSWER = `(experiment.status = 'CANCELLED' AND experiment.answer IS NULL AND experiment.reason IS NULL
          AND EXISTS (SELECT FROM experiment_cell done WHERE done.experiment_id = experiment.id AND done.status = 'DONE'))`;

/** A cell that somebody is to run. */
export interface BegunCell {
  readonly spec: unknown;
  readonly tracePath: string | null;
  readonly policyAt: number;
  readonly ratioAt: number;
  readonly seedAt: number;
}

/** Begins a cell; null when there is nothing to run: it has ended, or its experiment has. */
export async function beginCell(database: Database, experimentId: string, place: number): Promise<BegunCell | null> {
  return database.transaction(async (client) => {
    // Experiment before cell, as who calls it off locks them.
    await client.query('SELECT FROM experiment WHERE id = $1 FOR NO KEY UPDATE', [experimentId]);
    const { rows } = await client.query<BegunCell>(
      `UPDATE experiment_cell cell
          SET status = 'RUNNING', attempts = attempts + 1, progress = 0, started_at = coalesce(cell.started_at, now())
         FROM experiment
        WHERE experiment.id = cell.experiment_id AND experiment.status IN ('QUEUED', 'RUNNING')
          AND cell.experiment_id = $1 AND cell.place = $2 AND cell.status IN ('WAITING', 'RUNNING')
        RETURNING experiment.spec, experiment.trace_path AS "tracePath", cell.policy_at AS "policyAt", cell.ratio_at AS "ratioAt",
                  cell.seed_at AS "seedAt"`,
      [experimentId, place],
    );
    const [cell] = rows;
    if (cell === undefined) return null;
    await client.query(
      `UPDATE experiment SET status = 'RUNNING', started_at = now() WHERE id = $1 AND status = 'QUEUED'`,
      [experimentId],
    );
    await notify(client, 'ballast_experiment', { experimentId });
    return cell;
  });
}

/** Notes how far a cell is, 0 to 1. Returns false when nobody wants it any more. */
export async function noteProgress(
  database: Database,
  experimentId: string,
  place: number,
  progress: number,
): Promise<boolean> {
  return database.transaction(async (client) => {
    const { rowCount } = await client.query(
      `UPDATE experiment_cell SET progress = $3 WHERE experiment_id = $1 AND place = $2 AND status = 'RUNNING'`,
      [experimentId, place, progress],
    );
    if (rowCount === 0) return false;
    await notify(client, 'ballast_experiment', { experimentId });
    return true;
  });
}

/** Ends a cell with its result, or with why there is none. The first to end it has done so. */
export async function endCell(
  database: Database,
  experimentId: string,
  place: number,
  end: { readonly result: unknown } | { readonly error: string },
): Promise<void> {
  const [status, result, error] =
    'error' in end ? ['FAILED', null, end.error] : ['DONE', JSON.stringify(end.result), null];
  await database.transaction(async (client) => {
    const { rowCount } = await client.query(
      `UPDATE experiment_cell SET status = $3, result = $4, error = $5, progress = 1, finished_at = now()
        WHERE experiment_id = $1 AND place = $2 AND status = 'RUNNING'`,
      [experimentId, place, status, result, error],
    );
    if (rowCount !== 0) await notify(client, 'ballast_experiment', { experimentId });
  });
}

/** What an answer is made of. */
export interface EndedExperiment {
  readonly spec: unknown;
  readonly tracePath: string | null;
  /** Of the cells that are done. */
  readonly results: readonly unknown[];
  /** Of those that failed. */
  readonly failed: readonly {
    readonly policyAt: number;
    readonly ratioAt: number;
    readonly seedAt: number;
    readonly error: string;
  }[];
}

/**
 * An experiment whose cells have all ended and that has no answer yet; null otherwise. One that was cancelled is answered from the
 * cells that were done by then.
 */
export async function loadEnded(database: Database, experimentId: string): Promise<EndedExperiment | null> {
  const { rows } = await database.pool.query<EndedExperiment>(
    `SELECT spec, trace_path AS "tracePath",
            coalesce((SELECT json_agg(result ORDER BY place) FROM experiment_cell
                       WHERE experiment_id = $1 AND status = 'DONE'), '[]') AS results,
            coalesce((SELECT json_agg(json_build_object('policyAt', policy_at, 'ratioAt', ratio_at, 'seedAt', seed_at, 'error', error)
                              ORDER BY place) FROM experiment_cell WHERE experiment_id = $1 AND status = 'FAILED'), '[]') AS failed
       FROM experiment
      WHERE id = $1 AND NOT EXISTS (SELECT FROM experiment_cell WHERE experiment_id = $1 AND status IN ('WAITING', 'RUNNING'))
        AND (status IN ('QUEUED', 'RUNNING') OR ${CANCELLED_WITHOUT_ANSWER})`,
    [experimentId],
  );
  return rows[0] ?? null;
}

/** Ends an experiment with its answer, CANCELLED stays what it is; FAILED, and why, when every cell failed or nothing can be made of them. */
export async function storeAnswer(
  database: Database,
  experimentId: string,
  { answer, reason }: { readonly answer: unknown; readonly reason: string | null },
): Promise<void> {
  await database.transaction(async (client) => {
    const { rowCount } = await client.query(
      `UPDATE experiment
          SET status = CASE WHEN status = 'CANCELLED' THEN status WHEN $3::text IS NULL THEN 'DONE' ELSE 'FAILED' END,
              answer = $2, reason = $3, finished_at = coalesce(finished_at, now())
        WHERE id = $1 AND (status IN ('QUEUED', 'RUNNING') OR ${CANCELLED_WITHOUT_ANSWER})`,
      [experimentId, answer === null ? null : JSON.stringify(answer), reason],
    );
    if (rowCount !== 0) await notify(client, 'ballast_experiment', { experimentId });
  });
}

/** Experiments that go on or wait for their answer, with the places of their cells that have not ended. */
export async function goingExperiments(
  database: Database,
): Promise<{ readonly experimentId: string; readonly places: readonly number[] }[]> {
  const { rows } = await database.pool.query<{ experimentId: string; places: number[] }>(
    `SELECT experiment.id AS "experimentId",
            coalesce(array_agg(cell.place ORDER BY cell.place) FILTER (WHERE cell.status IN ('WAITING', 'RUNNING')), '{}') AS places
       FROM experiment JOIN experiment_cell cell ON cell.experiment_id = experiment.id
      WHERE experiment.status IN ('QUEUED', 'RUNNING') OR ${CANCELLED_WITHOUT_ANSWER}
      GROUP BY experiment.id ORDER BY experiment.id`,
  );
  return rows;
}
