/** The bytes are not a snapshot of a memory, or not one that this version can read. */
export class SnapshotError extends Error {
  override readonly name = 'SnapshotError';

  constructor(problem: string) {
    super(`not a memory snapshot: ${problem}`);
  }
}
