import { readdir } from "node:fs/promises";
import path from "node:path";
import { TlxError } from "@tlx/kernels";
import { writeFolder } from "@tlx/transfer/node";
import { drawFlower } from "./flowers/flower-picture.js";
import { flowerKinds } from "./flowers/kinds.js";
import { type Drawing, rasterise } from "./rasterise.js";
import { sceneFamilies } from "./scenes/families.js";
import { drawScene } from "./scenes/scene-picture.js";

export interface DrawOptions {
  /** Side of the pictures in pixels. */
  readonly size: number;
  readonly seed: number;
  readonly signal?: AbortSignal;
  /** Called after each picture. */
  readonly onPicture?: (done: number, of: number) => void;
}

export interface FlowerOptions extends DrawOptions {
  /** Pictures of each kind. */
  readonly train: number;
  readonly val: number;
}

export interface SceneOptions extends DrawOptions {
  /** Pictures in all, spread evenly over the families. */
  readonly count: number;
}

interface Job {
  readonly file: string;
  readonly draw: () => Drawing;
}

/**
 * Draws `train/KIND/*.jpg` and `val/KIND/*.jpg` of five kinds of flowers into a new folder: all of it or nothing.
 * Throws E_USAGE when `dir` holds something.
 */
export async function drawFlowers(dir: string, options: FlowerOptions): Promise<void> {
  const { seed, size } = options;
  const jobs = (["train", "val"] as const).flatMap((split) =>
    Object.keys(flowerKinds).flatMap((kind) =>
      Array.from({ length: options[split] }, (_, i) => ({
        file: path.join(split, kind, name(i)),
        draw: () => drawFlower(seed, split, kind, i, size),
      })),
    ),
  );
  await drawAll(dir, jobs, options);
}

/** Draws `FAMILY/*.jpg`: pictures of many other things, for a network to learn to see. Throws like `drawFlowers`. */
export async function drawScenes(dir: string, options: SceneOptions): Promise<void> {
  const { seed, size, count } = options;
  const families = Object.keys(sceneFamilies);
  const jobs = Array.from({ length: count }, (_, i) => {
    const family = families[i % families.length]!;
    const index = Math.floor(i / families.length);
    return { file: path.join(family, name(index)), draw: () => drawScene(seed, family, index, size) };
  });
  await drawAll(dir, jobs, options);
}

const name = (index: number): string => `${String(index).padStart(5, "0")}.jpg`;

async function drawAll(dir: string, jobs: readonly Job[], options: DrawOptions): Promise<void> {
  await checkEmpty(dir);
  await writeFolder(dir, pictures(jobs, options));
}

async function checkEmpty(dir: string): Promise<void> {
  const held = await readdir(dir).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return [];
    if (error.code === "ENOTDIR") throw new TlxError("E_USAGE", `demo: "${dir}" is a file; name a folder that is new`);
    throw error;
  });
  if (held.length === 0) return;
  throw new TlxError(
    "E_USAGE",
    `demo: "${dir}" is not empty; name a folder that is new or empty (nothing was changed)`,
  );
}

/** Pictures in order; a few are in the making at a time. */
async function* pictures(jobs: readonly Job[], options: DrawOptions): AsyncGenerator<[string, Uint8Array]> {
  const ahead = 4;
  const making: Promise<Uint8Array>[] = [];
  for (let i = 0; i < jobs.length; i++) {
    while (making.length < ahead && i + making.length < jobs.length) {
      const picture = rasterise(jobs[i + making.length]!.draw());
      picture.catch(() => {}); // awaited below, where it is thrown
      making.push(picture);
    }
    options.signal?.throwIfAborted();
    yield [jobs[i]!.file, await making.shift()!];
    options.onPicture?.(i + 1, jobs.length);
  }
}
