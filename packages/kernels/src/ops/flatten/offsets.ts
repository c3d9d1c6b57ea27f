import { type Spec, sizeOf } from "../../spec.js";

/** Elements. */
export const ALIGNMENT = 64;

/** Where each input of `flatten` begins, and last where the range ends. */
export function flattenOffsets(inputs: readonly Spec[]): number[] {
  const offsets = [0];
  for (const spec of inputs) offsets.push(offsets.at(-1)! + Math.ceil(sizeOf(spec) / ALIGNMENT) * ALIGNMENT);
  return offsets;
}
