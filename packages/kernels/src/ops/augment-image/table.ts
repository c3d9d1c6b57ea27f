/**
 * What is done to one picture, as the words that the kernel of augmentImage reads. All are integers, so that every
 * adapter gives the same pixels.
 */

/** Cosine and sine: this many to 1. */
export const ANGLE_UNIT = 65536;
/** Brightness, contrast and saturation: this many to the factor 1. Hue: this many to a sixth of the colour circle. */
export const COLOUR_UNIT = 4096;
/** Words of one picture. */
export const AUGMENT_WORDS = 12;

/** A rectangle of pixels; empty where width or height is 0. */
export interface Box {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

/** What happens to the pixels of a picture, in the order of the fields. */
export interface PixelChanges {
  /** Counterclockwise about the centre: cosine and sine in units of 1 / 65536. */
  readonly rotation: { readonly cos: number; readonly sin: number };
  /** Left and right are exchanged. */
  readonly flip: boolean;
  /** Factor in units of 1 / 4096: 0 is black. */
  readonly brightness: number;
  /** Factor in units of 1 / 4096: 0 is the mean grey of the picture. */
  readonly contrast: number;
  /** Factor in units of 1 / 4096: 0 is grey. */
  readonly saturation: number;
  /** Way around the colour circle in units of 1 / 24576. */
  readonly hue: number;
  /** What is filled with one colour. */
  readonly erase: Box;
}

/** The words of one picture; `fill` is the colour of what is erased. */
export function augmentTable(changes: PixelChanges, fill: readonly [number, number, number]): Int32Array {
  const { rotation, flip, brightness, contrast, saturation, hue, erase } = changes;
  const circle = 6 * COLOUR_UNIT;
  const [red, green, blue] = fill;
  return Int32Array.of(
    rotation.cos,
    rotation.sin,
    flip ? 1 : 0,
    brightness,
    contrast,
    saturation,
    ((hue % circle) + circle) % circle,
    erase.top,
    erase.left,
    erase.height,
    erase.width,
    red | (green << 8) | (blue << 16) | (255 << 24),
  );
}
