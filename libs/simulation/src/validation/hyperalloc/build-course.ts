/**
 * What programs and files of two recorded builds of a compiler had, by the share of the build that was done. Read off the
 * minutes of the published series (luhsra/hyperalloc-bench, clang-base-auto: free memory, free huge pages and page cache every
 * 1.6 s): programs have what is neither free, nor page cache, nor had before the build began. How these pages lie, and what the
 * host gets back of them, is not put in: it follows from the allocator.
 *
 * Read by hand, so that no command makes these points anew: numbers only; no licence was found with the data.
 */
import type { Point } from '../course.js';

export interface BuildCourse {
  /** Jobs at a time. */
  readonly jobs: number;
  /** All jobs together, GiB: each figure holds from its share of the build until the next. */
  readonly programsGib: readonly Point[];
  /** Read or written from the beginning on, GiB: straight lines between, from nothing. */
  readonly filesGib: readonly Point[];
  /** Shares of the build in which it links: programs run long then. */
  readonly links: readonly (readonly [from: number, until: number])[];
}

/** compiling/latest-clang-base-auto/out_0.csv (stored version 7ed4dbb), twelve processors: links in the middle and once fills all its memory. */
export const TWELVE_JOBS: BuildCourse = {
  jobs: 12,
  programsGib: [
    [0, 1.6],
    [0.01, 2.6],
    [0.033, 3.9],
    [0.11, 5.9],
    [0.13, 4.6],
    [0.29, 9],
    [0.3, 7.2],
    [0.32, 5.9],
    [0.47, 4.9],
    [0.53, 7.7],
    [0.54, 5.1],
    [0.57, 7],
    [0.585, 4.6],
    [0.615, 5.3],
    [0.66, 7.1],
    [0.675, 10],
    [0.683, 14],
    [0.69, 11.4],
    [0.735, 9],
    [0.77, 7.2],
    [0.797, 4.4],
    [0.806, 3.6],
    [0.818, 7.6],
    [0.829, 5.4],
    [0.838, 3.4],
    [0.858, 4.7],
    [0.866, 8],
    [0.878, 5.6],
    [0.9, 5.3],
    [0.94, 4.8],
    [0.95, 4.4],
    [0.99, 3.6],
  ],
  filesGib: [
    [0.03, 0.1],
    [0.11, 0.19],
    [0.29, 0.28],
    [0.32, 0.51],
    [0.47, 0.6],
    [0.53, 0.72],
    [0.61, 0.82],
    [0.623, 1.48],
    [0.687, 1.56],
    [0.9, 1.68],
    [0.92, 1.95],
    [1, 5.46],
  ],
  links: [
    [0.66, 0.82],
    [0.91, 1],
  ],
};

/** multivm/latest-clang-base-auto/vm_0/out_0.csv (stored version 235affc), first build, eight processors: its memory is never full. */
export const EIGHT_JOBS: BuildCourse = {
  jobs: 8,
  programsGib: [
    [0, 0.7],
    [0.008, 2],
    [0.018, 0.9],
    [0.02, 2.3],
    [0.031, 3.1],
    [0.032, 2.5],
    [0.07, 4],
    [0.076, 4.8],
    [0.081, 3],
    [0.094, 2.8],
    [0.13, 3.4],
    [0.15, 2.8],
    [0.17, 4.2],
    [0.174, 1.8],
    [0.217, 4.9],
    [0.22, 6.4],
    [0.222, 4.3],
    [0.28, 3.8],
    [0.375, 2.8],
    [0.4, 4.1],
    [0.42, 2.8],
    [0.447, 5.3],
    [0.452, 3.8],
    [0.482, 2.4],
    [0.49, 5.5],
    [0.497, 4.3],
    [0.5, 5.3],
    [0.504, 6.9],
    [0.509, 6.2],
    [0.512, 7.9],
    [0.516, 9.1],
    [0.519, 8.1],
    [0.525, 9.7],
    [0.53, 8.7],
    [0.536, 7.2],
    [0.549, 8.1],
    [0.553, 10],
    [0.561, 8.1],
    [0.566, 5.8],
    [0.571, 7.3],
    [0.576, 6.7],
    [0.613, 3.9],
    [0.617, 5.6],
    [0.62, 3.2],
    [0.643, 5],
    [0.65, 6.2],
    [0.655, 3.4],
    [0.66, 1.9],
    [0.674, 4.6],
    [0.68, 7],
    [0.689, 5.3],
    [0.697, 2.7],
    [0.704, 3.6],
    [0.71, 4.8],
    [0.715, 3.3],
    [0.72, 4.8],
    [0.724, 3.3],
    [0.74, 3.9],
    [0.78, 4.2],
    [0.83, 3.9],
    [0.86, 3.6],
    [0.88, 2.4],
    [0.92, 3.3],
    [0.93, 2.6],
    [0.983, 4.2],
    [0.993, 2.7],
  ],
  filesGib: [
    [0.02, 0.14],
    [0.094, 0.2],
    [0.17, 0.31],
    [0.216, 0.34],
    [0.223, 0.47],
    [0.28, 0.6],
    [0.376, 0.8],
    [0.427, 0.94],
    [0.433, 1.13],
    [0.441, 1.49],
    [0.6, 1.64],
    [0.7, 1.73],
    [0.74, 2.09],
    [0.85, 2.12],
    [0.862, 3.05],
    [0.875, 3.5],
    [0.88, 3.97],
    [0.89, 4.37],
    [0.91, 5.04],
    [0.935, 5.25],
    [0.963, 5.28],
    [1, 5.67],
  ],
  links: [
    [0.5, 0.7],
    [0.855, 1],
  ],
};

/** Of all jobs together when `share` of the build is done, in GiB. */
export function programsAt(course: BuildCourse, share: number): number {
  return course.programsGib.findLast(([from]) => share >= from)?.[1] ?? 0;
}
