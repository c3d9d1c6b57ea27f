/**
 * What a picture looks like, in 7 kB: hashes to find pairs by, and small pictures to compare them by.
 *
 *   small(x, y) = mean of pixels under a cell of a 48 x 48 grid, whatever the picture's form
 *   F(u, v)     = sum over x, y of grey(x, y) cos(pi u (2x + 1) / 2n) cos(pi v (2y + 1) / 2n),   u, v in 0..7
 *   bit 8v + u  = F(u, v) > median of all F but F(0, 0);   bit 0 is 0
 *
 * A picture has the hash of all of it and of its middle without 1 and 3 cells of 48 at each edge (n = 48, 46, 42): one of them
 * is near that of a copy that was cut. With left and right exchanged F(u, v) is -F(u, v) where u is odd.
 *
 *   detail(x, y) = grey less its mean over the 5 x 5 cells about it
 *
 * Source   the DCT variant of perceptual hashing: C. Zauner, Implementation and Benchmarking of Perceptual Image Hash
 *          Functions, 2010, section 3.2.1
 */
import type { Picture } from "../data/picture.js";

/** Cells of a side of the grey picture. */
export const GREY_SIDE = 48;
/** Of this module: inner loops read it. */
const SIDE = GREY_SIDE;
/** Cells of a side of the colour picture. */
export const COLOUR_SIDE = 8;
const FREQUENCIES = 8;

/** Cells that are left out at each edge for each of the hashes. */
export const INSETS: readonly number[] = [0, 1, 3];

export interface Fingerprint {
  /** Low and high 32 bits of each hash. */
  readonly hashes: Uint32Array;
  /** Of the picture with left and right exchanged. */
  readonly mirrored: Uint32Array;
  /** 48 x 48, row-major. */
  readonly grey: Uint8Array;
  /** 48 x 48, row-major, in quarters of a level; undefined where there is less than rounding and compression leave behind. */
  readonly detail: Int16Array | undefined;
  /** 8 x 8 RGB, row-major. */
  readonly colour: Uint8Array;
}

/** Of a decoded picture of any size. */
export function fingerprint(picture: Picture): Fingerprint {
  const small = shrink(picture);
  const grey = new Float64Array(SIDE * SIDE);
  for (let i = 0; i < grey.length; i++) {
    grey[i] = 0.299 * small[3 * i]! + 0.587 * small[3 * i + 1]! + 0.114 * small[3 * i + 2]!;
  }
  const waves = INSETS.map((inset, i) => transform(grey, inset, cosines[i]!));
  return {
    hashes: Uint32Array.from(waves.flatMap(hashOf)),
    mirrored: Uint32Array.from(waves.flatMap((f) => hashOf(f.map((value, i) => (i % 2 === 1 ? -value : value))))),
    ...{ grey: new Uint8Array(grey.map(Math.round)), detail: detailOf(grey), colour: shrinkColour(small) },
  };
}

/** What is looked at of an axis: some of its pixels, or all of them several times, each in one cell or in two neighbours. */
interface Axis {
  readonly pixels: Uint32Array;
  /** The first of the cells that it lies in. */
  readonly cells: Uint8Array;
  /** Its part in the first and in the second, of a cell. */
  readonly shares: Float64Array;
  readonly rests: Float64Array;
}

/** Of long axes every second or third pixel is enough: a cell still has four or more in each direction. */
const ENOUGH = 200;
const MOST_SKIPPED = 3;
const FEWEST = 2 * SIDE;

function axisOf(length: number): Axis {
  const every = Math.min(MOST_SKIPPED, Math.max(1, Math.floor(length / ENOUGH)));
  const count = Math.max(FEWEST, Math.ceil(length / every));
  const width = SIDE / count;
  const cells = Uint8Array.from({ length: count }, (_, i) => Math.floor(i * width));
  const shares = Float64Array.from(cells, (cell, i) => Math.min(width, cell + 1 - i * width));
  return {
    ...{ cells, shares, rests: shares.map((share) => width - share) },
    pixels: Uint32Array.from(cells, (_, i) => Math.floor(((i + 0.5) * length) / count)),
  };
}

/** Mean colours of the cells: 48 x 48 RGB. */
function shrink({ width, height, data }: Picture): Float64Array {
  const [across, down] = [axisOf(width), axisOf(height)];
  // What lies behind the last cell takes the nothing that the last pixels leave.
  const row = new Float64Array(3 * (SIDE + 1));
  const sums = new Float64Array(3 * SIDE * (SIDE + 1));
  for (let y = 0; y < down.pixels.length; y++) {
    row.fill(0);
    const line = 4 * width * down.pixels[y]!;
    for (let x = 0; x < across.pixels.length; x++) {
      const at = line + 4 * across.pixels[x]!;
      const to = 3 * across.cells[x]!;
      const share = across.shares[x]!;
      const rest = across.rests[x]!;
      for (let c = 0; c < 3; c++) {
        const value = data[at + c]!;
        row[to + c]! += share * value;
        row[to + 3 + c]! += rest * value;
      }
    }
    const to = 3 * SIDE * down.cells[y]!;
    const [share, rest] = [down.shares[y]!, down.rests[y]!];
    for (let x = 0; x < 3 * SIDE; x++) {
      sums[to + x]! += share * row[x]!;
      sums[to + 3 * SIDE + x]! += rest * row[x]!;
    }
  }
  return sums.subarray(0, 3 * SIDE * SIDE);
}

function shrinkColour(small: Float64Array): Uint8Array {
  const step = SIDE / COLOUR_SIDE;
  const sums = new Float64Array(3 * COLOUR_SIDE * COLOUR_SIDE);
  for (let i = 0; i < SIDE * SIDE; i++) {
    const [x, y] = [Math.floor((i % SIDE) / step), Math.floor(i / SIDE / step)];
    for (let c = 0; c < 3; c++) sums[3 * (COLOUR_SIDE * y + x) + c]! += small[3 * i + c]!;
  }
  return Uint8Array.from(sums, (sum) => Math.round(sum / step ** 2));
}

/** Cells on each side of a cell whose mean is taken from it. */
const REACH = 2;

function detailOf(grey: Float64Array): Int16Array | undefined {
  const rows = blur(grey, 1, SIDE);
  const mean = blur(rows, SIDE, 1);
  const detail = grey.map((value, i) => value - mean[i]!);
  const squares = detail.reduce((sum, value) => sum + value ** 2, 0);
  return squares > grey.length ? new Int16Array(detail.map((value) => Math.round(4 * value))) : undefined;
}

/** Means along lines whose cells are `step` apart; lines are `next` apart. */
function blur(cells: Float64Array, step: number, next: number): Float64Array {
  const means = new Float64Array(cells.length);
  for (let line = 0; line < SIDE; line++) {
    for (let i = 0; i < SIDE; i++) {
      const [from, to] = [Math.max(0, i - REACH), Math.min(SIDE - 1, i + REACH)];
      let sum = 0;
      for (let at = from; at <= to; at++) sum += cells[next * line + step * at]!;
      means[next * line + step * i] = sum / (to - from + 1);
    }
  }
  return means;
}

/** cos(pi u (2x + 1) / 2n) for each inset: row u, column x. */
const cosines: readonly Float64Array[] = INSETS.map((inset) => {
  const n = SIDE - 2 * inset;
  return Float64Array.from({ length: FREQUENCIES * n }, (_, i) =>
    Math.cos((Math.PI * Math.floor(i / n) * (2 * (i % n) + 1)) / (2 * n)),
  );
});

/** The low frequencies of the middle of the grey picture, 8 x 8, row v and column u. */
function transform(grey: Float64Array, inset: number, waves: Float64Array): Float64Array {
  const n = SIDE - 2 * inset;
  const across = new Float64Array(FREQUENCIES * n);
  for (let y = 0; y < n; y++) {
    const row = SIDE * (y + inset) + inset;
    for (let u = 0; u < FREQUENCIES; u++) {
      let sum = 0;
      for (let x = 0; x < n; x++) sum += grey[row + x]! * waves[n * u + x]!;
      across[n * u + y] = sum;
    }
  }
  const found = new Float64Array(FREQUENCIES * FREQUENCIES);
  for (let i = 0; i < found.length; i++) {
    const [u, v] = [n * (i % FREQUENCIES), n * Math.floor(i / FREQUENCIES)];
    let sum = 0;
    for (let y = 0; y < n; y++) sum += across[u + y]! * waves[v + y]!;
    found[i] = sum;
  }
  return found;
}

function hashOf(waves: Float64Array): [low: number, high: number] {
  const sorted = waves.slice(1).sort();
  const median = sorted[sorted.length >> 1]!;
  const half = (from: number): number => {
    let bits = 0;
    for (let i = 0; i < 32; i++) if (from + i > 0 && waves[from + i]! > median) bits |= 1 << i;
    return bits >>> 0;
  };
  return [half(0), half(32)];
}
