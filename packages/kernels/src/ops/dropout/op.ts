/**
 * Dropout whose mask is a function of seed, step and place, so that nothing is stored for the way back.
 *
 *   y[i] = keep(i) ? x[i] / (1 - rate) : 0
 *   keep(i) = mix(mix(seed ^ mix(step)) ^ mix(i)) >= floor(rate * 2^32), with mix an avalanche of 32 bits
 *
 * Shapes   x f32 of any shape, step u32 [1] -> y of the shape of x
 * Throws   E_USAGE for a rate outside [0, 1) or a seed that is not an unsigned integer of 32 bits
 * Source   Srivastava et al. 2014, Dropout; mix: lowbias32 by Chris Wellons
 */
import { check } from "../../errors.js";
import { defineOp, type Op } from "../../op.js";
import { formatSpec, type Spec, sameSpec, u32 } from "../../spec.js";
import { elementwiseKernels, elementwiseVariant } from "../../variants/elementwise-variant.js";
import { wgsl } from "../../wgsl/source.js";

export interface DropoutParams {
  /** Share of elements that become zero, from 0 to below 1. */
  readonly rate: number;
  /** An unsigned integer of 32 bits; layers that shall drop independently need different ones. */
  readonly seed: number;
}

const kernels = /* @__PURE__ */ elementwiseKernels({
  name: "dropout/plain",
  bindings: { x: "read wide", step: "read u32", y: "write wide" },
  args: { seed: "u32", threshold: "u32", scale: "f32" },
  body: wgsl`
fn mix_bits(value: Words) -> Words {
  var v = value;
  v = (v ^ (v >> Words(16u))) * 0x7feb352du;
  v = (v ^ (v >> Words(15u))) * 0x846ca68bu;
  return v ^ (v >> Words(16u));
}

fn element(i: u32) {
  let key = mix_bits(Words(args.seed) ^ mix_bits(Words(step[0])));
  y[i] = select(Value(), x[i] * args.scale, mix_bits(key ^ mix_bits(WIDTH * i + PLACES)) >= Words(args.threshold));
}
`,
});

export const dropout: Op<DropoutParams> = /* @__PURE__ */ defineOp<DropoutParams>({
  name: "dropout",
  infer(inputs, { rate, seed }) {
    const [x, step] = inputs as [Spec, Spec];
    check(
      inputs.length === 2 && x.dtype === "f32" && sameSpec(step, u32(1)),
      "E_SHAPE",
      () => `dropout: expects f32 x and step u32 [1], found ${inputs.map(formatSpec).join(", ")}`,
    );
    check(rate >= 0 && rate < 1, "E_USAGE", () => `dropout: expects a rate from 0 to below 1, found ${rate}`);
    check(
      Number.isInteger(seed) && seed >= 0 && seed < 2 ** 32,
      "E_USAGE",
      () => `dropout: expects a whole number from 0 to 2^32 - 1 as seed, found ${seed}`,
    );
    return [x];
  },
  onlyTraining: "passes",
  variants: [
    elementwiseVariant(kernels, ({ params: { rate, seed } }) => ({
      bind: { x: { input: 0 }, step: { input: 1 }, y: { output: 0 } },
      args: { seed, threshold: Math.floor(rate * 2 ** 32), scale: 1 / (1 - rate) },
    })),
  ],
});
