/** A network's tensors as half floats, for a file of half the size. Running statistics stay: a variance can leave their range. */
import { TlxError } from "@tlx/kernels";
import { encodeFloat16 } from "./half-float.js";
import { type StoredTensor, toFloat32 } from "./safetensors.js";

const isStatistic = (name: string): boolean => /(^|\.)running_(mean|var)$/.test(name);

/** Throws E_WEIGHTS for a number that no half float comes near. */
export function halveTensors(tensors: ReadonlyMap<string, StoredTensor>): Map<string, StoredTensor> {
  return new Map(
    [...tensors].map(([name, tensor]) => {
      if (tensor.dtype !== "F32" || isStatistic(name)) return [name, tensor];
      const halves = encodeFloat16(toFloat32(tensor));
      if (halves.some((half) => (half & 0x7c00) === 0x7c00)) {
        throw new TlxError(
          "E_WEIGHTS",
          `half floats: expected numbers from -65519 to 65519, found others in "${name}"; keep it in float32`,
        );
      }
      return [name, { ...tensor, dtype: "F16", bytes: new Uint8Array(halves.buffer) }];
    }),
  );
}
