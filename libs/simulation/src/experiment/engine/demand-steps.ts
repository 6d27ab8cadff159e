/**
 * Recovery: how long a guest waits for the memory of a demand step. A step is a rise of what its programs want by a quarter of its RAM or
 * more, until all of it is there; programs ask for it at their own speed, so what counts is the time from the first page that was asked for
 * in vain to the last, killed programs' wait included. A step that never waited has recovered in no time.
 */
import { TICK_MS } from '#units';

/** What a guest's programs want, as seen at the end of a step. Pages. */
export interface Demand {
  readonly assignedPages: number;
  /** Wanted by its programs. */
  readonly wantedPages: number;
  /** Of these, not there yet, asked for or not. */
  readonly pendingPages: number;
  /** It asked for memory in vain, or its programs were killed and wait to be started again. */
  readonly isWaiting: boolean;
}

const STEP_RATIO = 0.25;

interface Rise {
  readonly fromMs: number;
  pages: number;
  waitsSinceMs: number | null;
  waitedUntilMs: number;
}

export class DemandSteps {
  /** Of each step after warming up, ms. */
  readonly recoveriesMs: number[] = [];
  #wantedPages: number | null = null;
  #assignedPages = 0;
  #rise: Rise | null = null;

  /** Steps that begin before `warmUpMs` are not judged. */
  constructor(private readonly warmUpMs: number) {}

  add(demand: Demand, timeMs: number): void {
    const grown = demand.wantedPages - (this.#wantedPages ?? demand.wantedPages);
    this.#wantedPages = demand.wantedPages;
    this.#assignedPages = demand.assignedPages;
    if (grown > 0) {
      this.#rise ??= { fromMs: timeMs, pages: 0, waitsSinceMs: null, waitedUntilMs: timeMs };
      this.#rise.pages += grown;
    }
    const rise = this.#rise;
    if (rise === null) return;
    if (demand.isWaiting) {
      rise.waitsSinceMs ??= timeMs - TICK_MS;
      rise.waitedUntilMs = timeMs;
    }
    if (demand.pendingPages === 0) this.#close(rise);
  }

  /** The run is over: what still waits has waited until now. */
  end(): void {
    if (this.#rise !== null) this.#close(this.#rise);
  }

  #close(rise: Rise): void {
    this.#rise = null;
    if (rise.fromMs <= this.warmUpMs || rise.pages < STEP_RATIO * this.#assignedPages) return;
    this.recoveriesMs.push(rise.waitsSinceMs === null ? 0 : rise.waitedUntilMs - rise.waitsSinceMs);
  }
}
