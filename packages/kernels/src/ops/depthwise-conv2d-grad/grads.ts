/**
 * Both gradients of a depthwise convolution, which share what they read.
 *
 *   dx[n, h, w, c]   = gate(sum over kh, kw of dy[n, oh, ow, c] * w[kh, kw, 0, c] * scale[c])
 *   dw[kh, kw, 0, c] = sum over n, oh, ow of x[n, h, w, c] * dy[n, oh, ow, c]
 *   over the outputs that read the element: oh*SH + kh*DH - PT = h, ow*SW + kw*DW - PL = w
 *
 * where `gate` passes what x, then the result of the activation, lies strictly inside of; without one it passes everything.
 *
 * Shapes   dy [N, OH, OW, C], w [KH, KW, 1, C], x [N, H, W, C], then perhaps scale [C], all f32
 *          -> dx [N, H, W, C], dw [KH, KW, 1, C]
 * Throws   E_SHAPE when shapes do not fit together; E_USAGE for parameters that mean nothing
 * Needs    scratch of parts x size of dw, 32 MiB at most
 */
import { check } from "../../errors.js";
import { type Dispatch, defineOp, type Lowered, type Op, type Operand, type Problem } from "../../op.js";
import { formatSpec, type Spec } from "../../spec.js";
import { gateText, scaleText } from "../../wgsl/epilogue.js";
import { type Activation, codeOf } from "../../wgsl/functions.js";
import type { BindingType } from "../../wgsl/source.js";
import type { ConvGeometry, Window } from "../conv2d/geometry.js";
import type { WindowInputGradParams, WindowWeightGradParams } from "../conv2d-grad/geometry.js";
import { inputPlain } from "../conv2d-grad/input-plain.wgsl.js";
import { weightPlain } from "../conv2d-grad/weight-plain.wgsl.js";
import { depthwiseConv2dInputGrad, inputGeometryOf } from "./input-grad.js";
import { gradStrip } from "./strip.wgsl.js";
import { depthwiseConv2dWeightGrad, weightGeometryOf } from "./weight-grad.js";

const name = "depthwiseConv2dGrads";

export interface WindowGradsParams extends Window {
  /** What x is a result of, where its gradient is wanted in place of that of x. Left out: dx as it is. */
  readonly gate?: Activation;
}

type Grads = Pick<Problem<WindowGradsParams>, "inputs" | "params">;

/** The gradient with respect to x, of inputs 0, 1, the scale and as the gate 2. */
function inputProblem({ inputs: [dy, w, x, ...scale], params: { gate, ...window } }: Grads) {
  const inputs = [dy!, w!, ...scale, ...(gate ? [x!] : [])];
  const extras = [...scale.map(() => "scale" as const), ...(gate ? (["gate"] as const) : [])];
  const [, height, width] = x!.shape as [number, number, number];
  const params: WindowInputGradParams = {
    ...{ ...window, inputSize: [height, width], extras },
    ...(gate && { activation: gate }),
  };
  return { inputs, params, outputs: [x!] };
}

/** The gradient with respect to w, of inputs 2 and 0. */
function weightProblem({ inputs: [dy, w, x], params: { gate: _, ...window } }: Grads) {
  const params: WindowWeightGradParams = { ...window, kernel: [w!.shape[0]!, w!.shape[1]!] };
  return { inputs: [x!, dy!], params, outputs: [w!] };
}

const geometryOf = (problem: Problem<WindowGradsParams>): ConvGeometry => weightGeometryOf(weightProblem(problem));

/** Launches of another op, with its inputs and output bound to these. */
function rebind({ dispatches }: Lowered, inputs: readonly number[], output: number): readonly Dispatch[] {
  const bind = (operand: Operand): Operand => {
    if ("input" in operand) return { input: inputs[operand.input]! };
    return "output" in operand ? { output } : operand;
  };
  return dispatches.map((d) => ({
    ...d,
    bind: Object.fromEntries(Object.entries(d.bind).map(([of, operand]) => [of, bind(operand)])),
  }));
}

export const depthwiseConv2dGrads: Op<WindowGradsParams> = /* @__PURE__ */ defineOp<WindowGradsParams>({
  name,
  infer(inputs, params) {
    check(
      inputs.length === 3 || inputs.length === 4,
      "E_SHAPE",
      () => `${name}: expects dy, w, x and perhaps a scale, found ${inputs.map(formatSpec).join(", ")}`,
    );
    const { inputs: ofInput, params: forInput } = inputProblem({ inputs, params });
    const { inputs: ofWeight, params: forWeight } = weightProblem({ inputs, params });
    const dw: readonly Spec[] = depthwiseConv2dWeightGrad.infer(ofWeight, forWeight);
    return [...depthwiseConv2dInputGrad.infer(ofInput, forInput), ...dw];
  },
  variants: [
    gradStrip(geometryOf, ({ inputs, params: { gate } }, width) => {
      const isScaled = inputs.length === 4;
      const bindings: Readonly<Record<string, BindingType>> = isScaled ? { scale: "read f32" } : {};
      const bind: Readonly<Record<string, Operand>> = isScaled ? { scale: { input: 3 } } : {};
      return {
        name,
        grad: { input: 0 },
        dx: {
          w: { input: 1 },
          dx: { output: 0 },
          end: {
            ...{ bindings, bind, activation: codeOf(gate) },
            functions: [scaleText(isScaled), gate ? gateText(width) : ""],
            text: (v, _, x) => (gate ? `gate_by(${v}, ${x})` : v),
          },
        },
        dw: { x: { input: 2 }, dw: { output: 1 } },
      };
    }),
    {
      name: "plain",
      fits: () => true,
      lower(problem, caps) {
        const dw = weightPlain(weightGeometryOf).lower(weightProblem(problem), caps);
        const dx = inputPlain(inputGeometryOf).lower(inputProblem(problem), caps);
        const scale = problem.inputs.length === 4 ? [3] : [];
        return { ...dw, dispatches: [...rebind(dw, [2, 0], 1), ...rebind(dx, [0, 1, ...scale, 2], 0)] };
      },
    },
  ],
});
