/**
 * Both gradients of a depthwise 3x3 convolution of stride 1 or 2, undilated, which share what they read.
 *
 *   dx[n, h, w, c]   = gate(sum over kh, kw of dy[n, oh, ow, c] * w[kh, kw, 0, c] * scale[c])
 *   dw[kh, kw, 0, c] = sum over n, oh, ow of x[n, h, w, c] * dy[n, oh, ow, c]
 *   over the outputs that read the element: oh*S + kh - PT = h, ow*S + kw - PL = w
 *   db[c]            = sum over n, h, w of dx[n, h, w, c], or of dy[n, oh, ow, c] over n, oh, ow
 *
 * where `gate` passes dx where x, then the result of the activation, is strictly inside; without one it passes everything.
 *
 * Shapes   dy [N, OH, OW, C], w [3, 3, 1, C], x [N, H, W, C], then perhaps scale [C], all f32 -> dx [N, H, W, C], dw [3, 3, 1, C], then db [C]
 *          for each of `sums`
 * Throws   E_SHAPE when shapes do not fit together; E_USAGE for parameters that mean nothing, another window, or a sum that strips cannot make
 * Needs    scratch of parts x size of dw, 32 MiB at most
 */
import { check } from "../../errors.js";
import { defineOp, type Op, type Operand, type Problem } from "../../op.js";
import { f32, type Spec } from "../../spec.js";
import { gateText, scaleText } from "../../wgsl/epilogue.js";
import { type Activation, codeOf } from "../../wgsl/functions.js";
import type { BindingType } from "../../wgsl/source.js";
import type { ConvGeometry, Window } from "../conv2d/geometry.js";
import { weightGradGeometry } from "../conv2d-grad/geometry.js";
import { fitsStrip, KERNEL } from "../depthwise-conv2d/strip-parts.js";
import { depthwiseConv2dInputGrad } from "./input-grad.js";
import { canSumGrad, gradStrip } from "./strip.wgsl.js";
import { depthwiseConv2dWeightGrad } from "./weight-grad.js";

const name = "depthwiseConv2dGrads";

export interface WindowGradsParams extends Window {
  /** What x is a result of, where its gradient is wanted in place of that of x. Left out: dx as it is. */
  readonly gate?: Activation;
  /** Which gradients are summed too, as biases before and after the convolution need it. Left out: none. */
  readonly sums?: readonly SummedGrad[];
}

export type SummedGrad = "dx" | "dy";

const kernel = [KERNEL, KERNEL] as const;

type Given = Pick<Problem<WindowGradsParams>, "inputs" | "params">;

const geometryOf = ({ inputs: [dy, , x], params }: Given): ConvGeometry =>
  weightGradGeometry(name, [x!, dy!], { ...params, groups: x!.shape[3]!, kernel });

/** Those whose sums the op can make, of its inputs. */
export const summableGrads = (inputs: readonly Spec[], params: WindowGradsParams): readonly SummedGrad[] =>
  canSumGrad(geometryOf({ inputs, params })) ? ["dx", "dy"] : ["dx"];

export const depthwiseConv2dGrads: Op<WindowGradsParams> = /* @__PURE__ */ defineOp<WindowGradsParams>({
  name,
  infer(inputs, params) {
    const [dy, w, x, ...scale] = inputs;
    const { gate: _, sums = [], ...window } = params;
    const ofWeight = depthwiseConv2dWeightGrad.infer(
      [x, dy].filter((s) => s !== undefined),
      { ...window, kernel },
    );
    const [, height, width] = x!.shape as [number, number, number];
    const forInput = { ...window, inputSize: [height, width] as const, extras: scale.map(() => "scale" as const) };
    const ofInput = depthwiseConv2dInputGrad.infer([dy!, w!, ...scale], forInput);
    const { stride, dilation } = window;
    check(
      fitsStrip(geometryOf({ inputs, params })),
      "E_USAGE",
      () => `${name}: expected a stride of 1 or 2 and no dilation, found stride ${stride}, dilation ${dilation}`,
    );
    const unmade = sums.filter((of) => !summableGrads(inputs, params).includes(of));
    check(
      unmade.length === 0,
      "E_USAGE",
      () =>
        `${name}: expected pads that leave no value of ${unmade} beyond x, found pad [${window.pad}]; sum it by columnSums`,
    );
    return [...ofInput, ...ofWeight, ...sums.map(() => f32(x!.shape[3]!))];
  },
  variants: [
    gradStrip(geometryOf, ({ inputs, params: { gate, sums = [] } }, width) => {
      const isScaled = inputs.length === 4;
      const bindings: Readonly<Record<string, BindingType>> = isScaled ? { scale: "read f32" } : {};
      const bind: Readonly<Record<string, Operand>> = isScaled ? { scale: { input: 3 } } : {};
      return {
        name,
        grad: { input: 0 },
        end: {
          ...{ bindings, bind, activation: codeOf(gate) },
          functions: [scaleText(isScaled), gate ? gateText(width) : ""],
          text: (v, _, x) => (gate ? `gate_by(${v}, ${x})` : v),
        },
        x: { input: 2 },
        sums: { dw: { output: 1 }, ...Object.fromEntries(sums.map((of, i) => [of, { output: 2 + i }])) },
      };
    }),
  ],
});
