/** The seeded reference outputs: networks with formula weights, computed by an independent program in double. */
import { readFileSync } from "node:fs";
import { type HostTensor, sizeOf } from "@tlx/kernels";
import { parseSafetensors, writeSafetensors } from "@tlx/transfer";
import { expect } from "vitest";
import { formulaTensor } from "./formula-weights.js";
import { sharedPath } from "./shared.js";

/** Samples of a tensor that is too large to be stored whole. */
export interface SeededTensor {
  readonly shape: readonly number[];
  readonly absmean: number;
  /** Flat indices in the order of checkpoints: NCHW, OIHW, [out, in]. */
  readonly at: readonly number[];
  readonly values: readonly number[];
}

export interface Seeded {
  readonly input_shape: readonly [number, number, number, number];
  readonly input_first8: readonly number[];
  readonly logits: readonly (readonly number[])[];
  readonly layers: Readonly<Record<string, SeededTensor>>;
  readonly tensors: readonly (readonly [string, readonly number[], number, number, number, number])[];
}

export const readSeeded = <T extends Seeded>(name: string): T =>
  JSON.parse(readFileSync(sharedPath(`golden-seeded/${name}.json`), "utf8"));

/** The formula's tensors as a checkpoint, by way of a file, so that reader and layout change are part of the test. */
export function seededCheckpoint({ tensors }: Seeded): ReturnType<typeof parseSafetensors> {
  const stored = new Map<string, HostTensor>();
  for (const [name, shape, a, b, first, last] of tensors) {
    const data = formulaTensor({ name, a, b }, sizeOf({ dtype: "f32", shape }));
    expect([data[0], data.at(-1)], name).toEqual([first, last]);
    stored.set(name, { spec: { dtype: "f32", shape }, data });
  }
  return parseSafetensors(writeSafetensors(stored));
}

/** Largest difference over the largest distance of a logit from the mean of its item. */
export function logitError(actual: ArrayLike<number>, expected: Seeded["logits"]): number {
  let difference = 0;
  let spread = 0;
  expected.forEach((item, n) => {
    const mean = item.reduce((a, b) => a + b) / item.length;
    item.forEach((logit, i) => {
      difference = Math.max(difference, Math.abs(actual[n * item.length + i] - logit));
      spread = Math.max(spread, Math.abs(logit - mean));
    });
  });
  return difference / spread;
}

/** Index into our NHWC value of flat index `at` of the reference's NCHW one. */
function nhwcIndex(at: number, shape: readonly number[]): number {
  if (shape.length < 4) return at;
  const [, c, h, w] = shape;
  const [x, y] = [at % w, Math.floor(at / w) % h];
  const [channel, n] = [Math.floor(at / (w * h)) % c, Math.floor(at / (w * h * c))];
  return ((n * h + y) * w + x) * c + channel;
}

/** Largest difference of the sampled values of a module's result over their mean magnitude. */
export const layerError = (actual: ArrayLike<number>, layer: SeededTensor): number =>
  sampleError(layer, (at) => actual[nhwcIndex(at, layer.shape)]);

/** The same of any tensor; `valueAt` takes a flat index in the order of checkpoints. */
export const sampleError = ({ absmean, at, values }: SeededTensor, valueAt: (at: number) => number): number =>
  Math.max(...at.map((i, k) => Math.abs(valueAt(i) - values[k]))) / absmean;
