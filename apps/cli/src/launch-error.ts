/** Why `ballast` cannot start or go on: one line for the person who asked, without a stack. */
export class LaunchError extends Error {
  override readonly name = 'LaunchError';
}
