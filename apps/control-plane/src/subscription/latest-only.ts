/** Runs `work` one at a time; calls that come while it runs become one more run after it. `work` must not fail. */
export function latestOnly(work: () => Promise<void>): () => void {
  const state = { isRunning: false, isAskedAgain: false };
  const run = async (): Promise<void> => {
    state.isRunning = true;
    while (state.isAskedAgain) {
      state.isAskedAgain = false;
      await work();
    }
    state.isRunning = false;
  };
  return () => {
    state.isAskedAgain = true;
    if (!state.isRunning) void run();
  };
}
