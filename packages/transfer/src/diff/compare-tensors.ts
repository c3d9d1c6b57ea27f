/** The tensors of one network in two checkpoints, name by name. */
import { type Checkpoint, type StoredTensor, showStored, toFloat32 } from "../weights/safetensors.js";
import { type Distance, distanceOf } from "./distance.js";

/** "near": not the same numbers, but within the tolerance. */
export type Rating = "same" | "near" | "far" | "shape" | "only A" | "only B";

export interface TensorDifference {
  readonly name: string;
  readonly likeness: Rating;
  /** "F32 [64, 3, 7, 7]" */
  readonly a: string | undefined;
  readonly b: string | undefined;
  /** Where both have floats of one shape. */
  readonly distance?: Distance;
}

/** Is this as it should be? */
export const isAlike = ({ likeness }: { readonly likeness: Rating }): boolean =>
  likeness === "same" || likeness === "near";

export const rateDistance = ({ absolute, relative }: Distance, tolerance: number): Rating => {
  if (absolute === 0) return "same";
  return relative <= tolerance ? "near" : "far";
};

const isReadable = ({ dtype }: StoredTensor): boolean => ["F32", "F16", "BF16"].includes(dtype);

function compareTwo(name: string, a: StoredTensor, b: StoredTensor, tolerance: number): TensorDifference {
  const shown = { name, a: showStored(a), b: showStored(b) };
  const sameShape = a.shape.length === b.shape.length && a.shape.every((extent, i) => extent === b.shape[i]);
  if (sameShape && isReadable(a) && isReadable(b)) {
    const distance = distanceOf(toFloat32(a), toFloat32(b));
    return { ...shown, likeness: rateDistance(distance, tolerance), distance };
  }
  if (!sameShape || a.dtype !== b.dtype) return { ...shown, likeness: "shape" };
  // What is no float is compared byte by byte.
  return { ...shown, likeness: a.bytes.every((byte, i) => byte === b.bytes[i]) ? "same" : "far" };
}

/** Counters of steps are no weights. */
const isCounter = (name: string): boolean => /(^|\.)num_batches_tracked$/.test(name);

/** In the order of A, then what only B has. Numbers of any precision are compared as float32. */
export function compareTensors(a: Checkpoint, b: Checkpoint, tolerance: number): TensorDifference[] {
  const names = [...new Set([...a.tensors.keys(), ...b.tensors.keys()])].filter((name) => !isCounter(name));
  return names.map((name) => {
    const [x, y] = [a.tensors.get(name), b.tensors.get(name)];
    if (x && y) return compareTwo(name, x, y, tolerance);
    return { name, likeness: x ? "only A" : "only B", a: x && showStored(x), b: y && showStored(y) };
  });
}
