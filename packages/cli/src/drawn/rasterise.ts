import { type Camera, expose } from "./camera.js";
import { type Layer, SIDE } from "./canvas.js";
import { enlarge } from "./enlarge.js";
import type { Random } from "./random.js";

/** A drawn scene, still without pixels. */
export interface Drawing {
  /** Back to front. */
  readonly layers: readonly Layer[];
  readonly side: number;
  readonly camera: Camera;
  /** Continues with the camera's noise. */
  readonly random: Random;
}

type SharpModule = typeof import("sharp").default;

/** Loaded when the first picture is drawn: no other command should wait for it. */
async function loadSharp(): Promise<SharpModule> {
  const { default: sharp } = await import("sharp");
  // One thread a picture: several pictures at a time use the cores better.
  sharp.concurrency(1);
  sharp.cache(false);
  return sharp;
}

/** The drawing as a photo of it: a JPEG file. */
export async function rasterise({ layers, side, camera, random }: Drawing): Promise<Uint8Array> {
  const sharp = await loadSharp();
  const pixels = new Uint8Array(side * side * 3);
  for (const layer of layers) cover(pixels, await renderLayer(sharp, layer, side, camera.softness));
  expose(pixels, side, camera, random);
  return sharp(pixels, { raw: { width: side, height: side, channels: 3 } })
    .jpeg({ quality: camera.quality })
    .toBuffer();
}

/** What is out of focus is drawn small and enlarged: as soft as a blur, at less work than drawing it sharp. */
async function renderLayer(
  sharp: SharpModule,
  { blur, svg }: Layer,
  side: number,
  softness: number,
): Promise<Uint8Array> {
  const radius = (Math.hypot(blur, softness) * side) / SIDE;
  const small = Math.max(4, Math.round(side / Math.max(1, 1.6 * radius)));
  const picture = await sharp(Buffer.from(svg(small)))
    .ensureAlpha()
    .raw()
    .toBuffer();
  return small === side ? picture : enlarge(picture, small, side);
}

/** Lays RGBA over RGB, in place. */
function cover(pixels: Uint8Array, layer: Uint8Array): void {
  for (let i = 0, j = 0; i < pixels.length; i += 3, j += 4) {
    const alpha = layer[j + 3]!;
    if (alpha === 0) continue;
    const share = alpha / 255;
    for (let k = 0; k < 3; k++) pixels[i + k] = pixels[i + k]! + (layer[j + k]! - pixels[i + k]!) * share;
  }
}
