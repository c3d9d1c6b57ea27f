import type { ConfusionMatrix } from "@tlx/transfer";

export interface DrawnMatrix {
  readonly png: Uint8Array;
  readonly width: number;
  readonly height: number;
}

const SIDE = 480;

/** A confusion matrix as shares of its rows, white to blue: a row per class, a column per prediction. */
export async function drawMatrix(matrix: ConfusionMatrix): Promise<DrawnMatrix> {
  const cell = Math.max(4, Math.floor(SIDE / matrix.length));
  const side = cell * matrix.length;
  const pixels = new Uint8Array(3 * side * side);
  for (const [label, row] of matrix.entries()) {
    const all = Math.max(
      1,
      row.reduce((sum, count) => sum + count, 0),
    );
    for (const [predicted, count] of row.entries()) {
      const share = count / all;
      const colour = [255 - 247 * share, 255 - 207 * share, 255 - 148 * share].map(Math.round);
      // A grey line is left between cells.
      for (let y = label * cell; y < (label + 1) * cell; y++) {
        for (let x = predicted * cell; x < (predicted + 1) * cell; x++) {
          const isLine = y % cell === cell - 1 || x % cell === cell - 1;
          pixels.set(isLine ? [220, 220, 220] : colour, 3 * (side * y + x));
        }
      }
    }
  }
  const { default: sharp } = await import("sharp");
  const png = await sharp(pixels, { raw: { width: side, height: side, channels: 3 } })
    .png()
    .toBuffer();
  return { png, width: side, height: side };
}
