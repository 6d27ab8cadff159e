/** How long whoever watches over a process waits for what it needs. */
const LIMIT_MS = 3_000;

/** True when `work` comes to a good end before the limit. */
export async function answersInTime(work: Promise<unknown>): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<boolean>((resolve) => {
    timer = setTimeout(() => resolve(false), LIMIT_MS);
  });
  const done = work.then(
    () => true,
    () => false,
  );
  return Promise.race([done, limit]).finally(() => clearTimeout(timer));
}
