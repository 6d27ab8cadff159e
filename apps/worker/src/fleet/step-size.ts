/**
 * How many ticks go into one step: as many as fit into the time a step may take, by what the last ones cost. One when time runs
 * at its natural speed, hundreds when it runs fast; a command waits for at most one step.
 */
const STEP_BUDGET_MS = 200;
const SMOOTHING = 0.3;

export class StepSize {
  #tickMs = STEP_BUDGET_MS;

  ticks(dueTicks: number): number {
    return Math.max(1, Math.min(dueTicks, Math.floor(STEP_BUDGET_MS / this.#tickMs)));
  }

  learn(ticks: number, tookMs: number): void {
    const tickMs = Math.max(0.05, tookMs / ticks);
    this.#tickMs += SMOOTHING * (tickMs - this.#tickMs);
  }
}
