/**
 * The random changes of a picture from an integer hash of seed, epoch and picture: equal on every machine and in every
 * runtime, and independent of the order in which pictures come.
 *
 * Source   torchvision's RandomResizedCrop, RandomRotation, RandomHorizontalFlip, ColorJitter and RandomErasing
 */
import { ANGLE_UNIT, type Box, COLOUR_UNIT, check, type PixelChanges } from "@tlx/kernels";
import { mix, seedFor } from "@tlx/nn";
import { exactCosSin, exactExp, exactLog, roundedRoot } from "./exact-math.js";
import { type AugmentName, type AugmentPreset, augmentPresets } from "./presets.js";

/** What is done to one picture: a part of it is resized to the square of the network, whose pixels are then changed. */
export interface Augmentation extends PixelChanges {
  /** In pixels of the source picture. */
  readonly crop: Box;
}

/** Which picture, when, and how large. */
export interface AugmentKey {
  readonly seed: number;
  /** Of the epoch, or of the view where views are kept. */
  readonly epoch: number;
  /** The SHA-256 of the picture's file in hexadecimal, or any other name of it. */
  readonly picture: string;
  readonly width: number;
  readonly height: number;
  /** Pixels a side of what the network sees. */
  readonly size: number;
}

/** Numbers in [0, 1). */
type Stream = () => number;

/** A stream for every decision, so that none depends on how often another one drew. */
function streamOf({ seed, epoch, picture }: AugmentKey, decision: string): Stream {
  const base = seedFor(seedFor(seed, `augment/${decision}/${epoch}/`), picture);
  let count = 0;
  return () => mix(base ^ mix(++count)) / 2 ** 32;
}

/** Draws what happens to one picture in one epoch. Throws E_USAGE when a number of `key` is not whole, E_SHAPE when a side is below 1. */
export function drawAugmentation(name: Exclude<AugmentName, "none">, key: AugmentKey): Augmentation {
  const { seed, epoch, width, height, size } = key;
  check(
    [seed, epoch].every((v) => Number.isSafeInteger(v) && v >= 0),
    "E_USAGE",
    () => `augment: expected a seed and an epoch that are whole numbers of at least 0, found ${seed} and ${epoch}`,
  );
  check(
    [width, height, size].every((v) => Number.isSafeInteger(v) && v > 0),
    "E_SHAPE",
    () => `augment: expected whole numbers above 0 as sides, found ${width} x ${height} to ${size}`,
  );
  const preset = augmentPresets[name];
  const draw = (decision: string): number => streamOf(key, decision)();
  const around = (decision: string): number => 2 * draw(decision) - 1;
  const factor = (what: "brightness" | "contrast" | "saturation"): number =>
    Math.round(COLOUR_UNIT * (1 + preset[what] * around(what)));
  const { cos, sin } = exactCosSin((preset.rotation * around("rotation") * Math.PI) / 180);
  return {
    crop: drawCrop(preset.crop, width, height, streamOf(key, "crop")),
    rotation: { cos: Math.round(ANGLE_UNIT * cos), sin: Math.round(ANGLE_UNIT * sin) },
    flip: draw("flip") < preset.flip,
    brightness: factor("brightness"),
    contrast: factor("contrast"),
    saturation: factor("saturation"),
    hue: Math.round(6 * COLOUR_UNIT * preset.hue * around("hue")),
    erase: drawErase(preset.erase, size, streamOf(key, "erase")),
  };
}

const TRIES = 10;

/** Sides of a rectangle with a share of `area` from `scale` and a ratio from 1 / `ratio` to `ratio`, even on a log scale. */
function drawSides(
  { scale: [least, most], ratio }: AugmentPreset["crop"],
  area: number,
  stream: Stream,
): readonly [number, number] {
  const drawn = area * (least + (most - least) * stream());
  const aspect = exactExp(exactLog(ratio) * (2 * stream() - 1));
  return [roundedRoot(drawn * aspect), roundedRoot(drawn / aspect)];
}

/** Somewhere inside width x height, all places alike. */
const place = (width: number, height: number, inWidth: number, inHeight: number, stream: Stream): Box => ({
  left: Math.floor(stream() * (inWidth - width + 1)),
  top: Math.floor(stream() * (inHeight - height + 1)),
  width,
  height,
});

function drawCrop(range: AugmentPreset["crop"], width: number, height: number, stream: Stream): Box {
  for (let t = 0; t < TRIES; t++) {
    const [w, h] = drawSides(range, width * height, stream);
    if (w > 0 && h > 0 && w <= width && h <= height) return place(w, h, width, height, stream);
  }
  // Nothing fits a picture this long: the largest part of its middle that has an allowed ratio.
  const w = Math.max(1, Math.min(width, Math.round(height * range.ratio)));
  const h = Math.max(1, Math.min(height, Math.round(width * range.ratio)));
  return { left: Math.floor((width - w) / 2), top: Math.floor((height - h) / 2), width: w, height: h };
}

function drawErase({ probability, ...range }: AugmentPreset["erase"], size: number, stream: Stream): Box {
  const erases = stream() < probability;
  for (let t = 0; erases && t < TRIES; t++) {
    const [h, w] = drawSides(range, size * size, stream);
    if (w > 0 && h > 0 && w < size && h < size) return place(w, h, size, size, stream);
  }
  return { left: 0, top: 0, width: 0, height: 0 };
}

/** Which draw an epoch sees, from 0: of its own, or where `views` are kept one of them in turn. */
export const viewOf = (epoch: number, views: number): number => (views === 0 ? epoch : epoch % views);

/** What the settings of a run do to a picture in `epoch`; undefined where they leave pictures as they are. */
export function augmentationOf(
  { augment, views, seed }: { readonly augment: AugmentName; readonly views: number; readonly seed: number },
  epoch: number,
  picture: string,
  sides: Pick<AugmentKey, "width" | "height" | "size">,
): Augmentation | undefined {
  if (augment === "none") return undefined;
  return drawAugmentation(augment, { ...sides, seed, epoch: viewOf(epoch, views), picture });
}
