import type { OverlayOptions as Layer } from "sharp";
import type { Picture } from "../../data/picture.js";
import { type PreprocessSpec, preprocessGeometry } from "../../preprocess.js";
import { colourOf } from "../colour-map.js";
import type { Explanation } from "../explainer.js";

export interface OverlayOptions {
  readonly preprocess: Pick<PreprocessSpec, "resize" | "crop">;
  /** Height and width of what is made. Default: the crop's. */
  readonly size?: number;
  /** How much of the picture the hottest place hides. Default 0.6. */
  readonly opacity?: number;
  /** From 1 to 100. Default 75. */
  readonly quality?: number;
}

/** The centre crop of `picture` that a network sees, as WebP; under `heat` where it is given. */
export async function renderOverlay(
  picture: Picture,
  explanation: Pick<Explanation, "heat" | "size"> | undefined,
  { preprocess, size = preprocess.crop, opacity = 0.6, quality = 75 }: OverlayOptions,
): Promise<Uint8Array> {
  const { default: sharp } = await import("sharp"); // here: it takes longer to load than all the rest of tlx
  const { crop } = preprocess;
  const { width, height, left, top } = preprocessGeometry(picture.width, picture.height, preprocess);
  const raw = { width: picture.width, height: picture.height, channels: 4 } as const;
  const seen = await sharp(picture.data, { raw })
    .removeAlpha()
    .resize(width, height, { fit: "fill" })
    .extract({ left, top, width: crop, height: crop })
    .toBuffer();
  const square = sharp(seen, { raw: { width: crop, height: crop, channels: 3 } }).resize(size, size);
  const layers = explanation ? [await heatLayer(explanation, size, opacity)] : [];
  return square.composite(layers).webp({ quality }).toBuffer();
}

async function heatLayer(
  { heat, size: from }: Pick<Explanation, "heat" | "size">,
  size: number,
  opacity: number,
): Promise<Layer> {
  const pixels = new Uint8Array(4 * heat.length);
  for (const [i, t] of heat.entries()) pixels.set([...colourOf(t), Math.round(255 * opacity * t)], 4 * i);
  const { default: sharp } = await import("sharp");
  const input = await sharp(pixels, { raw: { width: from, height: from, channels: 4 } })
    .resize(size, size)
    .png()
    .toBuffer();
  return { input };
}
