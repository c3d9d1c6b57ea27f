import type { ResampleFilter } from "@tlx/kernels";

/** Cubic convolution with a = -1/2. Source: Keys 1981; Pillow's BICUBIC. */
export const bicubic: ResampleFilter = [
  [1, 0, -2.5, 1.5],
  [2, -4, 2.5, -0.5],
];
