/**
 * Rounds numbers to half floats (binary16), two to a word: y[i] = half(x[2 i]) | half(x[2 i + 1]) << 16, zero where x ends.
 *
 * Shapes   x f32 of any shape -> y u32 [ceil(size / 2)]
 * Method   pack2x16float, which every device has; it may leave open what it makes of numbers beyond the largest half float
 *          (65504) and of NaN, so these become infinite and NaN by their bits
 */
import { check } from "../../errors.js";
import { defineOp, type NoParams, type Op } from "../../op.js";
import { formatSpec, type Spec, sizeOf, u32 } from "../../spec.js";
import { plainVariant } from "../../variants/plain-variant.js";
import { flatIndex } from "../../wgsl/functions.js";
import { defineKernel, wgsl } from "../../wgsl/source.js";

const kernel = /* @__PURE__ */ defineKernel({
  name: "packHalf/plain",
  bindings: { x: "read f32", y: "write u32" },
  args: { size: "u32" },
  workgroup: [64, 1, 1],
  functions: [flatIndex],
  body: wgsl`
fn element(i: u32) -> f32 {
  if (i < args.size) { return x[i]; }
  return 0.0;
}

// Half float of numbers that pack2x16float need not know: zero for those it does.
fn beyond(v: f32) -> u32 {
  let bits = bitcast<u32>(v);
  let magnitude = bits & 0x7fffffffu;
  let special = select(0x7c00u, 0x7e00u, magnitude > 0x7f800000u);
  return select(0u, special | ((bits >> 16u) & 0x8000u), magnitude >= 0x477ff000u); // 65520 rounds to infinity
}

@compute @workgroup_size(WG_X, WG_Y, WG_Z)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) local: u32) {
  let i = flat_index(group, groups, local);
  if (2u * i >= args.size) { return; }
  let pair = vec2f(element(2u * i), element(2u * i + 1u));
  let low = beyond(pair.x);
  let high = beyond(pair.y);
  let known = vec2f(select(pair.x, 0.0, low != 0u), select(pair.y, 0.0, high != 0u));
  y[i] = pack2x16float(clamp(known, vec2f(-65504.0), vec2f(65504.0))) | low | (high << 16u);
}
`,
});

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
    plainVariant(kernel, ({ inputs, outputs }) => ({
      threads: sizeOf(outputs[0]!),
      bind: { x: { input: 0 }, y: { output: 0 } },
      args: { size: sizeOf(inputs[0]!) },
    })),
  ],
});
