/**
 * Properties are checked with the same seed in every run, so that a change is judged by what it changed. BALLAST_TEST_SEED gives another
 * one; `random` draws it anew, for looking further. A failure prints the seed it was found with.
 */
import fc from 'fast-check';

const DEFAULT_SEED = 20_130_724;

const wanted = process.env.BALLAST_TEST_SEED ?? '';
if (wanted !== 'random') fc.configureGlobal({ seed: wanted === '' ? DEFAULT_SEED : Number(wanted) });
