import type { Value } from "@tlx/kernels";
import { batchNorm, type ConvOptions, conv2d, type Scope } from "@tlx/nn";
import type { BatchNormForm } from "./model.js";

/** Where a convolution and its batch norm keep their tensors: two names side by side under one module. */
export interface ConvNormNames {
  readonly conv: string;
  readonly norm: string;
}

/**
 * Convolution and batch norm in the form of the checkpoint: folded, the convolution has a bias and the norm is gone.
 * Marks both modules. `eps` of the norm is 1e-5 unless given.
 */
export function convNorm(
  s: Scope,
  x: Value,
  names: ConvNormNames,
  options: Omit<ConvOptions, "bias">,
  form: BatchNormForm,
  eps?: number,
): Value {
  const [conv, norm] = [s.at(names.conv), s.at(names.norm)];
  const y = conv.mark(conv2d(conv, x, { ...options, bias: form === "folded" }));
  return form === "folded" ? y : norm.mark(batchNorm(norm, y, eps));
}
