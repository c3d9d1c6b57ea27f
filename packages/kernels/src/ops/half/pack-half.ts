/**
 * Rounds numbers to half floats (binary16), two to a word: y[i] = half(x[2 i]) | half(x[2 i + 1]) << 16, zero where x ends.
 *
 * Shapes   x f32 of any shape -> y u32 [ceil(size / 2)]
 * Method   pack2x16float, which every device has; it may leave open what it makes of numbers beyond the largest half float
 *          (65504) and of NaN, so these become infinite and NaN by their bits
 */
import { check } from "../../errors.js";
import type { Capabilities } from "../../gpu/capabilities.js";
import { type Dispatch, defineOp, type NoParams, type Op, type Operand } from "../../op.js";
import { formatSpec, type Spec, sizeOf, u32 } from "../../spec.js";
import {
  elementwiseKernels,
  elementwiseSettings,
  elementwiseVariant,
  gridOf,
} from "../../variants/elementwise-variant.js";
import { dispatch } from "../../wgsl/dispatch.js";
import { wgsl } from "../../wgsl/source.js";

const kernels = /* @__PURE__ */ elementwiseKernels({
  name: "packHalf/plain",
  bindings: { x: "read f32", y: "write u32" },
  args: { numbers: "u32" },
  // `beyond` is the half float of numbers that pack2x16float need not know, zero for those it does; 65520 rounds to infinity.
  body: wgsl`
fn number(i: u32) -> f32 {
  if (i < args.numbers) { return x[i]; }
  return 0.0;
}

fn beyond(v: f32) -> u32 {
  let bits = bitcast<u32>(v);
  let magnitude = bits & 0x7fffffffu;
  let special = select(0x7c00u, 0x7e00u, magnitude > 0x7f800000u);
  return select(0u, special | ((bits >> 16u) & 0x8000u), magnitude >= 0x477ff000u);
}

fn element(i: u32) {
  let pair = vec2f(number(2u * i), number(2u * i + 1u));
  let low = beyond(pair.x);
  let high = beyond(pair.y);
  let known = vec2f(select(pair.x, 0.0, low != 0u), select(pair.y, 0.0, high != 0u));
  y[i] = pack2x16float(clamp(known, vec2f(-65504.0), vec2f(65504.0))) | low | (high << 16u);
}
`,
});

/** The launch that packs `size` numbers. */
export function dispatchPackHalf(caps: Capabilities, size: number, x: Operand, y: Operand): Dispatch {
  const extent = { size: Math.ceil(size / 2), alike: 1 };
  const { threads, ...grid } = gridOf(extent.size, elementwiseSettings(caps, extent)[0]!);
  return dispatch(kernels[1], caps, { threads, bind: { x, y }, args: { ...grid, numbers: size } });
}

export const packHalf: Op<NoParams> = /* @__PURE__ */ defineOp<NoParams>({
  name: "packHalf",
  infer(inputs) {
    const [x] = inputs as [Spec];
    check(
      inputs.length === 1 && x.dtype === "f32",
      "E_SHAPE",
      () => `packHalf: expects one f32 input, found ${inputs.map(formatSpec).join(", ")}`,
    );
    return [u32(Math.ceil(sizeOf(x) / 2))];
  },
  variants: [
    elementwiseVariant(
      kernels,
      ({ inputs }) => ({ bind: { x: { input: 0 }, y: { output: 0 } }, args: { numbers: sizeOf(inputs[0]!) } }),
      ({ outputs: [words] }) => ({ size: sizeOf(words!), alike: 1 }),
    ),
  ],
});
