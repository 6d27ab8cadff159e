/** Goes on piece by piece beside other things. */
export interface Work {
  /** It goes on until its time is over, however much it does. */
  readonly isEndless: boolean;
  /** Does the next piece; returns how long it took, in µs; 0 when nothing is left to do. */
  go(): number;
}
