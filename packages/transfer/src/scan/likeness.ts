/**
 * How alike two pictures are, by their fingerprints.
 *
 *   grey   = the largest correlation of A(x, y) with B(sx x + tx, sy y + ty) where both lie in their pictures
 *   detail = the same of their details, at that place and about it
 *   colour = 1 - c . d / |c| |d|,   c and d the vectors of (R - G, B - G) / mean of their cells of 8 x 8; where one of them has
 *            hardly any colour, how much more the other has: the difference of |c| / 8 and |d| / 8
 *
 * Stretch s and shift t are searched from the best of some zooms, one after the other in both directions, with steps that shrink: a copy that
 * was cut by some percent correlates once it lies where it was. Correlation does not see brightness and contrast. What is
 * large in a picture (a body in an X-ray, a fruit on a table) makes different pictures correlate; its detail does not.
 */
import { COLOUR_SIDE, type Fingerprint, GREY_SIDE } from "./fingerprint.js";

export interface Likeness {
  /** From -1 to 1. */
  readonly grey: number;
  /** From -1 to 1; undefined where one of them has none. */
  readonly detail: number | undefined;
  /** From 0, which is equal. */
  readonly colour: number;
}

/** Of this module: inner loops read it. */
const SIDE = GREY_SIDE;

/** Smallest share of the area that both must have. */
const LEAST_COMMON = 0.6;
/** In shares of a side. */
const COARSE: readonly number[] = [0.04, 0.02];
const FINE: readonly number[] = [0.01, 0.005];
const FINEST: readonly number[] = [0.01, 0.005, 0.0025];
/** No copy has less after the coarse steps, and in its detail after the fine ones. */
const HOPELESS = 0.7;
const HOPELESS_DETAIL = 0.35;

interface Place {
  readonly stretchX: number;
  readonly shiftX: number;
  readonly stretchY: number;
  readonly shiftY: number;
}

const place = (stretch: number, shiftX = 0, shiftY = 0): Place => ({
  ...{ stretchX: stretch, shiftX, stretchY: stretch, shiftY },
});
/** Neither is cut, or one of them is: by 4 or 12 % of its sides about the middle, or by 6 % at a corner. */
const STARTS: readonly Place[] = [
  ...[1, 0.96, 0.88, 1 / 0.96, 1 / 0.88].map((stretch) => place(stretch)),
  ...[0.94, 1 / 0.94].flatMap((stretch) =>
    [0.03, -0.03].flatMap((x) => [0.03, -0.03].map((y) => place(stretch, x, y))),
  ),
];
const AXES = ["stretchX", "shiftX", "stretchY", "shiftY"] as const;

/** `mirrored`: with left and right of `b` exchanged. Undefined for pictures that have little in common. */
export function likenessOf(a: Fingerprint, b: Fingerprint, mirrored: boolean): Likeness | undefined {
  const grey = mirrored ? mirror(b.grey) : b.grey;
  const starts = STARTS.map((from) => ({ place: from, value: correlate(a.grey, grey, 4, from) }));
  const start = starts.reduce((best, found) => (found.value > best.value ? found : best));
  const coarse = search(a.grey, grey, 4, start.place, COARSE);
  if (coarse.value < HOPELESS) return undefined;
  const fine = search(a.grey, grey, 2, coarse.place, FINE);
  const colour = colourDifference(a, b, mirrored);
  if (!a.detail || !b.detail) return { grey: fine.value, detail: undefined, colour };
  const detail = mirrored ? mirror(b.detail) : b.detail;
  if (correlate(a.detail, detail, 2, fine.place) < HOPELESS_DETAIL) return undefined;
  return { grey: fine.value, detail: search(a.detail, detail, 1, fine.place, FINEST).value, colour };
}

const mirror = <T extends Cells>(cells: T): T => cells.map((_, i) => cells[i + SIDE - 1 - 2 * (i % SIDE)]!) as T;

type Cells = Uint8Array | Int16Array;

interface Found {
  readonly value: number;
  readonly place: Place;
}

function search(a: Cells, b: Cells, every: number, start: Place, steps: readonly number[]): Found {
  let at = start;
  let value = correlate(a, b, every, at);
  for (const step of steps) {
    for (let improved = true; improved; ) {
      improved = false;
      for (const axis of AXES) {
        for (const sign of [1, -1]) {
          const tried = { ...at, [axis]: at[axis] + sign * step };
          const found = correlate(a, b, every, tried);
          if (found <= value + 1e-3) continue;
          [at, value, improved] = [tried, found, true];
          break;
        }
      }
    }
  }
  return { value, place: at };
}

/** Of every `every`th cell in both directions. Stretch is about the middle. */
function correlate(a: Cells, b: Cells, every: number, { stretchX, shiftX, stretchY, shiftY }: Place): number {
  const last = SIDE - 1;
  const placeX = (1 - stretchX) * (last / 2) + shiftX * SIDE;
  const placeY = (1 - stretchY) * (last / 2) + shiftY * SIDE;
  let [count, sumA, sumB, sumAA, sumBB, sumAB] = [0, 0, 0, 0, 0, 0];
  for (let y = 0; y < SIDE; y += every) {
    const by = stretchY * y + placeY;
    if (by < 0 || by > last) continue;
    const y0 = Math.min(last - 1, Math.floor(by));
    const fy = by - y0;
    for (let x = 0; x < SIDE; x += every) {
      const bx = stretchX * x + placeX;
      if (bx < 0 || bx > last) continue;
      const x0 = Math.min(last - 1, Math.floor(bx));
      const fx = bx - x0;
      const at = SIDE * y0 + x0;
      const top = b[at]! + fx * (b[at + 1]! - b[at]!);
      const bottom = b[at + SIDE]! + fx * (b[at + SIDE + 1]! - b[at + SIDE]!);
      const vb = top + fy * (bottom - top);
      const va = a[SIDE * y + x]!;
      count++;
      sumA += va;
      sumB += vb;
      sumAA += va * va;
      sumBB += vb * vb;
      sumAB += va * vb;
    }
  }
  if (count < LEAST_COMMON * Math.ceil(SIDE / every) ** 2) return -1;
  const spread = (sumAA - sumA ** 2 / count) * (sumBB - sumB ** 2 / count);
  return spread > 0 ? (sumAB - (sumA * sumB) / count) / Math.sqrt(spread) : 0;
}

/** Root mean square of (R - G, B - G) / mean below which a picture is grey. */
const GREYISH = 0.05;

function colourDifference(a: Fingerprint, b: Fingerprint, mirrored: boolean): number {
  const [c, d] = [chromaOf(a.colour, false), chromaOf(b.colour, mirrored)];
  const dot = (x: Float64Array, y: Float64Array): number => x.reduce((sum, value, i) => sum + value * y[i]!, 0);
  const [normC, normD] = [c, d].map((v) => Math.sqrt(dot(v, v)) / COLOUR_SIDE) as [number, number];
  if (Math.min(normC, normD) < GREYISH) return Math.abs(normC - normD);
  return 1 - dot(c, d) / (normC * normD * COLOUR_SIDE ** 2);
}

function chromaOf(colour: Uint8Array, mirrored: boolean): Float64Array {
  const mean = Math.max(1, colour.reduce((sum, value) => sum + value, 0) / colour.length);
  return Float64Array.from({ length: 2 * COLOUR_SIDE ** 2 }, (_, i) => {
    const cell = i >> 1;
    const at = 3 * (mirrored ? cell + COLOUR_SIDE - 1 - 2 * (cell % COLOUR_SIDE) : cell);
    return (colour[at + 2 * (i & 1)]! - colour[at + 1]!) / mean;
  });
}
