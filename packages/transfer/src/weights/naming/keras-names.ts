/**
 * Keras's MobileNetV2, as TensorFlow.js and NumPy files hold it, under torchvision's names and in its layouts.
 *
 *   kernel             [KH, KW, C, OC]  ->  [OC, C, KH, KW]
 *   depthwise_kernel   [KH, KW, C, 1]   ->  [C, 1, KH, KW]
 *   kernel, dense      [in, out]        ->  [out, in]
 *
 * Source   keras.applications.mobilenet_v2
 */
import { toRows } from "../formats/strided-copy.js";
import { bitsPerElement, type StoredTensor } from "../safetensors.js";
import type { Tensors } from "./naming.js";

const params: Readonly<Record<string, string>> = {
  ...{ kernel: "weight", depthwise_kernel: "weight", bias: "bias", gamma: "weight", beta: "bias" },
  ...{ moving_mean: "running_mean", moving_variance: "running_var" },
};

/** Where each part of a block is in torchvision's: the first block expands nothing. */
const partOf = (isFirst: boolean): Readonly<Record<string, string>> => ({
  ...(isFirst ? {} : { expand: "0.0", expand_BN: "0.1" }),
  ...(isFirst ? { depthwise: "0.0", depthwise_BN: "0.1" } : { depthwise: "1.0", depthwise_BN: "1.1" }),
  ...(isFirst ? { project: "1", project_BN: "2" } : { project: "2", project_BN: "3" }),
});

const outside: Readonly<Record<string, string>> = {
  ...{ Conv1: "features.0.0", bn_Conv1: "features.0.1", Conv_1: "features.18.0", Conv_1_bn: "features.18.1" },
  ...{ predictions: "classifier.1", Logits: "classifier.1" },
};

function moduleOf(layer: string): string | undefined {
  if (Object.hasOwn(outside, layer)) return outside[layer];
  const [, block, part] = /^(?:expanded_conv|block_(\d{1,2}))_(\w+)$/.exec(layer)?.slice(0) ?? [];
  const parts = partOf(block === undefined);
  if (part === undefined || !Object.hasOwn(parts, part)) return undefined;
  return `features.${block === undefined ? 1 : Number(block) + 1}.conv.${parts[part]}`;
}

/** The same numbers with the dimensions in another order. */
function transpose(tensor: StoredTensor, order: readonly number[]): StoredTensor {
  const { shape, dtype } = tensor;
  const strides = shape.map((_, d) => shape.slice(d + 1).reduce((a, b) => a * b, 1));
  const view = { shape: order.map((d) => shape[d]), strides: order.map((d) => strides[d]) };
  const elementBytes = (bitsPerElement.get(dtype) as number) / 8;
  return { ...tensor, shape: view.shape, bytes: toRows({ ...view, bytes: tensor.bytes, elementBytes, offset: 0 }) };
}

function toTorchLayout(tensor: StoredTensor, isDepthwise: boolean): StoredTensor {
  if (tensor.shape.length === 2) return transpose(tensor, [1, 0]);
  if (tensor.shape.length !== 4) return tensor;
  return transpose(tensor, isDepthwise ? [2, 3, 0, 1] : [3, 2, 0, 1]);
}

/** Of "model/block_1_expand/kernel:0" the layer and the param. Layers of a model inside another have its name before theirs. */
function rename(tensor: StoredTensor): StoredTensor | undefined {
  const [layer = "", param = ""] = tensor.name.replace(/:0$/, "").split("/").slice(-2);
  const module = moduleOf(layer);
  if (module === undefined || !Object.hasOwn(params, param)) return undefined;
  const name = `${module}.${params[param]}`;
  return { ...(params[param] === "weight" ? toTorchLayout(tensor, layer.endsWith("_depthwise")) : tensor), name };
}

/** Names without a counterpart stay as they are, and so does one that would come twice. */
export function fromKeras(tensors: Tensors): Tensors | undefined {
  if (![...tensors.keys()].some((name) => /(^|\/)(block_1_expand|Conv1)\/kernel(:0)?$/.test(name))) return undefined;
  const renamed = new Map<string, StoredTensor>();
  for (const tensor of tensors.values()) {
    const found = rename(tensor);
    const name = found && !renamed.has(found.name) ? found.name : tensor.name;
    renamed.set(name, found && name === found.name ? found : tensor);
  }
  return renamed;
}
