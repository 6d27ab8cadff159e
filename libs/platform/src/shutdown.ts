/**
 * How a process ends: SIGTERM, SIGINT, or the end of the process that started it (its IPC channel closes, also when it was
 * killed). The first of them runs the handler once; a handler that takes too long is cut off.
 */
export interface ShutdownOptions {
  readonly drainMs: number;
  /** Told before the handler runs. */
  readonly onBegin?: (cause: string) => void;
}

export function onShutdown(handler: () => Promise<void>, options: ShutdownOptions): void {
  let begun = false;
  const begin = (cause: string): void => {
    if (begun) return;
    begun = true;
    options.onBegin?.(cause);
    const cutOff = setTimeout(() => process.exit(1), options.drainMs);
    cutOff.unref();
    handler().then(
      () => process.exit(0),
      (error: unknown) => {
        console.error(error);
        process.exit(1);
      },
    );
  };
  process.on('SIGTERM', begin);
  process.on('SIGINT', begin);
  if (process.channel) process.on('disconnect', () => begin('the parent process ended'));
}

/** Tells the process that started this one that it is ready; does nothing when nobody listens. */
export function reportReady(): void {
  process.send?.({ kind: 'ready' });
}
