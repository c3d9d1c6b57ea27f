/** How much pictures are changed in training, by name, as the arguments of torchvision's transforms say it. */

/** Ranges of the random changes of a picture. */
export interface AugmentPreset {
  /** What it is for, in one line. */
  readonly doc: string;
  /** RandomResizedCrop: shares of the picture's area, and width : height from 1 / `ratio` to `ratio`. */
  readonly crop: { readonly scale: readonly [number, number]; readonly ratio: number };
  /** RandomRotation: most degrees either way. */
  readonly rotation: number;
  /** RandomHorizontalFlip: probability. */
  readonly flip: number;
  /** ColorJitter: factors from 1 - `brightness` to 1 + `brightness`, and so on; hue is a share of the colour circle. */
  readonly brightness: number;
  readonly contrast: number;
  readonly saturation: number;
  readonly hue: number;
  /** RandomErasing: probability, shares of the area, and height : width from 1 / `ratio` to `ratio`. */
  readonly erase: { readonly probability: number; readonly scale: readonly [number, number]; readonly ratio: number };
}

export type AugmentName = "none" | "light" | "standard" | "strong";

export const augmentPresets: Readonly<Record<Exclude<AugmentName, "none">, AugmentPreset>> = {
  light: {
    doc: "where little may change: products before a plain background, textures",
    crop: { scale: [0.6, 1], ratio: 4 / 3 },
    rotation: 0,
    flip: 0.5,
    brightness: 0.1,
    contrast: 0.1,
    saturation: 0,
    hue: 0,
    erase: { probability: 0, scale: [0.02, 0.33], ratio: 10 / 3 },
  },
  standard: {
    doc: "photos, a few hundred and more of them",
    crop: { scale: [0.25, 1], ratio: 4 / 3 },
    rotation: 10,
    flip: 0.5,
    brightness: 0.2,
    contrast: 0.2,
    saturation: 0.2,
    hue: 0.02,
    erase: { probability: 0, scale: [0.02, 0.33], ratio: 10 / 3 },
  },
  strong: {
    doc: "many epochs of every layer, or training from scratch",
    crop: { scale: [0.08, 1], ratio: 4 / 3 },
    rotation: 20,
    flip: 0.5,
    brightness: 0.4,
    contrast: 0.4,
    saturation: 0.4,
    hue: 0.1,
    erase: { probability: 0.25, scale: [0.02, 0.33], ratio: 10 / 3 },
  },
};
