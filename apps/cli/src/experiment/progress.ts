/** How far a run is, on standard error: a bar with an estimate of the time left on a terminal, a line now and then elsewhere. */
import { SingleBar } from 'cli-progress';

const LINE_EVERY_MS = 30_000;
/** A bar counts in whole numbers: thousandths of a cell. */
const SCALE = 1000;

export interface Progress {
  /** `done`: cells that ended, and the shares of those that run. */
  update: (done: number) => void;
  stop: () => void;
}

export function showProgress(cells: number): Progress {
  return process.stderr.isTTY ? bar(cells) : lines(cells);
}

function bar(cells: number): Progress {
  const single = new SingleBar({
    stream: process.stderr,
    format: '{bar} {percentage} % | {cells} of {all} cells | {duration_formatted} so far, {eta_formatted} left',
    hideCursor: true,
    etaBuffer: 100,
  });
  single.start(cells * SCALE, 0, { cells: 0, all: cells });
  return {
    update: (done) => single.update(Math.round(done * SCALE), { cells: Math.floor(done), all: cells }),
    stop: () => single.stop(),
  };
}

function lines(cells: number): Progress {
  const begun = Date.now();
  let spoken = begun;
  return {
    update: (done) => {
      const now = Date.now();
      if (now - spoken < LINE_EVERY_MS || done === 0) return;
      spoken = now;
      const left = ((now - begun) / done) * (cells - done);
      console.error(`${done.toFixed(1)} of ${cells} cells, about ${Math.ceil(left / 1000)} s left`);
    },
    stop: () => undefined,
  };
}
