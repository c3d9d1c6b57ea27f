import type { StoredTensor } from "../safetensors.js";
import { fromKeras } from "./keras-names.js";
import { fromTimm } from "./timm-names.js";

export type Tensors = ReadonlyMap<string, StoredTensor>;

/** A way to name and lay out the tensors of networks that torchvision has as well. */
export interface Naming {
  readonly name: "torchvision" | "timm" | "Keras";
  /** The only network that has such names, where the same tensors would fit others that compute something else. */
  readonly network?: string;
  /** The same tensors as torchvision names and stores them; undefined for tensors that are not named so. */
  rename(tensors: Tensors): Tensors | undefined;
}

/** torchvision's comes first: of two namings that fit as well it is the one. */
export const namings: readonly Naming[] = [
  { name: "torchvision", rename: (tensors) => tensors },
  { name: "timm", rename: fromTimm },
  { name: "Keras", network: "mobilenet-v2-keras", rename: fromKeras },
];
