/**
 * Numbers from half floats, two to a word: y[i] = float(x[i / 2] >> (16 * (i % 2))).
 *
 * Shapes   x u32 [ceil(size / 2)] -> y f32 of `shape`
 * Method   unpack2x16float; infinity and NaN, which WGSL may assume away, by their bits
 */
import { check } from "../../errors.js";
import { defineOp, type Op } from "../../op.js";
import { f32, formatSpec, type Spec, sameSpec, sizeOf, u32 } from "../../spec.js";
import { elementwiseKernels, elementwiseVariant } from "../../variants/elementwise-variant.js";
import { wgsl } from "../../wgsl/source.js";

export interface UnpackHalfParams {
  readonly shape: readonly number[];
}

const kernels = /* @__PURE__ */ elementwiseKernels({
  name: "unpackHalf/plain",
  bindings: { x: "read u32", y: "write f32" },
  args: { numbers: "u32" },
  body: wgsl`
fn widen(half: u32, value: f32) -> f32 {
  let special = ((half & 0x8000u) << 16u) | 0x7f800000u | ((half & 0x3ffu) << 13u);
  return select(value, bitcast<f32>(special), (half & 0x7c00u) == 0x7c00u);
}

fn element(i: u32) {
  let word = x[i];
  let pair = unpack2x16float(word);
  y[2u * i] = widen(word & 0xffffu, pair.x);
  if (2u * i + 1u < args.numbers) { y[2u * i + 1u] = widen(word >> 16u, pair.y); }
}
`,
});

export const unpackHalf: Op<UnpackHalfParams> = /* @__PURE__ */ defineOp<UnpackHalfParams>({
  name: "unpackHalf",
  infer(inputs, { shape }) {
    const y = f32(...shape);
    const words = u32(Math.ceil(sizeOf(y) / 2));
    check(
      inputs.length === 1 && sameSpec(inputs[0] as Spec, words),
      "E_SHAPE",
      () => `unpackHalf: expects ${formatSpec(words)} for ${formatSpec(y)}, found ${inputs.map(formatSpec).join(", ")}`,
    );
    return [y];
  },
  variants: [
    elementwiseVariant(
      kernels,
      ({ outputs }) => ({ bind: { x: { input: 0 }, y: { output: 0 } }, args: { numbers: sizeOf(outputs[0]!) } }),
      ({ inputs: [words] }) => ({ size: sizeOf(words!), alike: 1 }),
    ),
  ],
});
