/**
 * The first two parts of an inverted residual, a convolution (1x1 there) that expands the channels, then a depthwise convolution.
 *
 *   e[n, h, w, c]   = activate(sum over i, j, k of x[n, h*ESH + i - EPT, w*ESW + j - EPL, k] * expand[i, j, k, c] + expandedBias[c])
 *   y[n, oh, ow, c] = activate(sum over kh, kw of e[n, oh*SH + kh*DH - PT, ow*SW + kw*DW - PL, c] * w[kh, kw, 0, c] + bias[c])
 *
 * where x and e are zero outside their pictures.
 *
 * Shapes   x [N, H, W, K], expand [EH, EW, K, C], w [KH, KW, 1, C], then the biases [C], all f32 -> y [N, OH, OW, C]
 * Throws   E_SHAPE when shapes do not fit together; E_USAGE for parameters that mean nothing
 */
import { check } from "../../errors.js";
import { defineOp, type Op } from "../../op.js";
import { f32, formatSpec, type Spec, sameSpec } from "../../spec.js";
import { type Biased, type ExpandDepthwiseParams, expandedOf, geometryOf, OP } from "./geometry.js";
import { twoStep } from "./two-step.js";

const order: readonly Biased[] = ["expanded", "result"];

export const expandDepthwise: Op<ExpandDepthwiseParams> = /* @__PURE__ */ defineOp<ExpandDepthwiseParams>({
  name: OP,
  infer(inputs, params) {
    const { biases } = params;
    check(
      biases.every((b, i) => order.includes(b) && (i === 0 || order.indexOf(b) > order.indexOf(biases[i - 1]!))),
      "E_USAGE",
      () => `${OP}: expected biases out of ${order.join(", ")}, in this order, found ${biases.join(", ")}`,
    );
    check(
      inputs.length === 3 + biases.length,
      "E_SHAPE",
      () =>
        `${OP}: expects x, expand, w and ${biases.length} biases (${biases.join(", ") || "none"}), found ${inputs.length} inputs`,
    );
    const [, expand, w] = inputs as [Spec, Spec, Spec];
    const channels = expand.shape[3] ?? 1;
    check(
      w.shape.length === 4 && w.shape[2] === 1 && w.shape[3] === channels,
      "E_SHAPE",
      () => `${OP}: expected w [KH, KW, 1, ${channels}] (C of ${formatSpec(expand)}), found ${formatSpec(w)}`,
    );
    biases.forEach((of, i) => {
      check(
        sameSpec(inputs[3 + i]!, f32(channels)),
        "E_SHAPE",
        () => `${OP}: the bias of the ${of} must be ${formatSpec(f32(channels))}, found ${formatSpec(inputs[3 + i]!)}`,
      );
    });
    const { n, oh, ow } = geometryOf(inputs, params);
    return [f32(n, oh, ow, channels)];
  },
  largestScratch: expandedOf,
  variants: [twoStep],
});
