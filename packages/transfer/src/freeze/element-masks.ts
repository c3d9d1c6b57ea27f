import { f32, type HostTensor } from "@tlx/kernels";
import { toTlxLayout } from "../weights/layout.js";
import { type Checkpoint, type StoredTensor, toFloat32 } from "../weights/safetensors.js";

const isByte = ({ dtype }: StoredTensor): boolean => dtype === "BOOL" || dtype === "U8" || dtype === "I8";

/**
 * Element masks from a file: a tensor per param, of its name and stored shape; 0 or false is an element that stays as it is.
 * Throws E_WEIGHTS for a dtype that is neither boolean, a byte nor a float; whether they fit the network is found later.
 */
export function readElementMasks({ tensors }: Checkpoint): Map<string, HostTensor> {
  return new Map(
    [...tensors].map(([path, tensor]) => {
      const data = isByte(tensor) ? Float32Array.from(tensor.bytes) : toFloat32(tensor);
      return [path, toTlxLayout({ spec: f32(...tensor.shape), data })];
    }),
  );
}
