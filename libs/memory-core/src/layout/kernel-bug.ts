/**
 * The guest's kernel has found its own bookkeeping broken and stops (BUG in Linux). It is a fault of the simulated
 * guest, not of the simulator: whoever runs the guest catches it, marks the guest and goes on with the others.
 */
export class KernelBugError extends Error {
  override readonly name = 'KernelBugError';
}
