/** The golden example's picture and those that its formula goes on with: input[i] = (37 i mod 251) / 125 - 1, i counting [batch, S, S, 3]. */

/** Prepared pictures [batch, size, size, 3]. */
export interface Pictures {
  readonly data: Float32Array;
  readonly batch: number;
  readonly size: number;
}

/** One more than the golden example has, so that the batch is seen to be open. */
const BATCH = 2;

export const goldenPictures = (size: number): Pictures => ({
  data: Float32Array.from({ length: BATCH * size * size * 3 }, (_, i) => ((37 * i) % 251) / 125 - 1),
  batch: BATCH,
  size,
});
