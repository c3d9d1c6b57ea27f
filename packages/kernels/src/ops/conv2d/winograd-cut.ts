/** How a convolution is cut into tiles for Winograd's method, what that costs, and which tiles a device can run. */
import type { Capabilities } from "../../gpu/capabilities.js";
import { bytesOf, f32, type Spec } from "../../spec.js";
import type { ConvGeometry } from "./geometry.js";
import { winogradMatrices } from "./winograd-matrices.js";

/** A convolution of stride 1 under a 3x3 kernel, of input 0 with input 1. */
export interface Convolution3x3 extends Pick<ConvGeometry, "n" | "h" | "w" | "c" | "oh" | "ow" | "oc" | "py" | "px"> {
  /** Is it the gradient: the weight is [3, 3, oc, c], its taps backwards? Else [3, 3, c, oc]. */
  readonly turned: boolean;
}

const FEWEST_CHANNELS = 16; // below, errors do not average out
const CHUNK_BYTES = 2 ** 25; // of V and of M
const CHUNK_BYTES_SOFTWARE = 2 ** 22; // which stay in a cache
const CHUNK_TILES = 32; // a multiple of these

export interface Cut {
  readonly tile: number;
  /** Places of a tile. */
  readonly places: number;
  readonly across: number;
  readonly down: number;
  readonly tiles: number;
  /** c, up to a multiple of four. */
  readonly channels: number;
  /** From tile to tile in V. A power of two would put all of them on the same lines of a cache. */
  readonly pitch: number;
  /** Tiles at a time. */
  readonly chunk: number;
}

export function cutInto(tile: number, { n, c, oh, ow, oc }: Convolution3x3, caps: Capabilities): Cut {
  const places = (tile + 2) ** 2;
  const [across, down] = [Math.ceil(ow / tile), Math.ceil(oh / tile)];
  const tiles = n * across * down;
  const channels = 4 * Math.ceil(c / 4);
  const pitch = places * channels + 16;
  const bytes = Math.min(caps.software ? CHUNK_BYTES_SOFTWARE : CHUNK_BYTES, caps.maxStorageBufferBindingSize);
  const most = bytes / 4 / Math.max(pitch, places * oc) / CHUNK_TILES;
  const chunks = Math.ceil(tiles / (CHUNK_TILES * Math.max(1, Math.floor(most))));
  const chunk = Math.min(tiles, CHUNK_TILES * Math.ceil(tiles / chunks / CHUNK_TILES));
  return { ...{ tile, places, across, down, tiles, channels, pitch, chunk } };
}

/** V and M for a chunk, and U. */
export const specsOf = ({ places, channels, pitch, chunk }: Cut, oc: number): readonly [v: Spec, m: Spec, u: Spec] => [
  f32(chunk, pitch),
  f32(places, chunk, oc),
  f32(places, channels, oc),
];

const MOVE = 64; // products that take as long as an element of V or M takes
const MOVE_SOFTWARE = 32; // measured
export const ROWS = 16; // of the smallest tiles of the product

const wholeTiles = (rows: number): number => ROWS * Math.ceil(rows / ROWS);

/** In products: what is computed, and what is moved between the launches. */
export function costOf(tile: number, convolution: Convolution3x3, constant: boolean, caps: Capabilities): number {
  const { places, tiles, channels } = cutInto(tile, convolution, caps);
  const { oc } = convolution;
  const moved = tiles * (channels + oc) + (constant ? 0 : channels * oc);
  return places * (wholeTiles(tiles) * channels * oc + (caps.software ? MOVE_SOFTWARE : MOVE) * moved);
}

export const costOfSum = ({ n, oh, ow, c, oc }: Convolution3x3): number => 9 * wholeTiles(n * oh * ow) * c * oc;

/** The tiles that the device can run, the best first. */
export function tilesFor(
  caps: Capabilities,
  convolution: Convolution3x3 | undefined,
  constant: boolean,
): readonly number[] {
  if (!convolution) return [];
  const { h, w, c, oh, ow, oc, py, px } = convolution;
  const pads = [py, px, oh + 2 - h - py, ow + 2 - w - px];
  // A result of which all but a corner lies outside is a sum of few terms, of which the error is not small.
  if (c < FEWEST_CHANNELS || pads.some((pad) => pad < 0 || pad > 1)) return [];
  return Object.keys(winogradMatrices)
    .map(Number)
    .filter((tile) =>
      specsOf(cutInto(tile, convolution, caps), oc).every((spec) => bytesOf(spec) <= caps.maxStorageBufferBindingSize),
    )
    .sort((a, b) => costOf(a, convolution, constant, caps) - costOf(b, convolution, constant, caps));
}
