/** The bytes are not a snapshot of this guest, or not one that this version can read. */
export class GuestSnapshotError extends Error {
  override readonly name = 'GuestSnapshotError';

  constructor(problem: string) {
    super(`not a snapshot of this guest: ${problem}`);
  }
}
