/**
 * A range of the channels: y[.., c] = x[.., start + c].
 *
 * Shapes   x f32 [.., C] -> y [.., count]
 */
import { check } from "../../errors.js";
import { defineOp, type Op } from "../../op.js";
import { f32, formatSpec, type Spec, sizeOf } from "../../spec.js";
import { plainVariant } from "../../variants/plain-variant.js";
import { flatIndex } from "../../wgsl/functions.js";
import { defineKernel, wgsl } from "../../wgsl/source.js";

export interface SliceParams {
  readonly start: number;
  readonly count: number;
}

const kernel = /* @__PURE__ */ defineKernel({
  name: "sliceChannels/plain",
  bindings: { x: "read f32", y: "write f32" },
  args: { size: "u32", channels: "u32", start: "u32", count: "u32" },
  workgroup: [64, 1, 1],
  functions: [flatIndex],
  body: wgsl`
@compute @workgroup_size(WG_X, WG_Y, WG_Z)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) local: u32) {
  let i = flat_index(group, groups, local);
  if (i >= args.size) { return; }
  y[i] = x[i / args.count * args.channels + args.start + i % args.count];
}
`,
});

export const sliceChannels: Op<SliceParams> = /* @__PURE__ */ defineOp<SliceParams>({
  name: "sliceChannels",
  infer(inputs, { start, count }) {
    const [x] = inputs as [Spec];
    check(
      inputs.length === 1 && x.dtype === "f32" && x.shape.length > 0,
      "E_SHAPE",
      () => `sliceChannels: expects one f32 input [.., C], found ${inputs.map(formatSpec).join(", ")}`,
    );
    const channels = x.shape.at(-1)!;
    check(
      Number.isSafeInteger(start) &&
        Number.isSafeInteger(count) &&
        start >= 0 &&
        count > 0 &&
        start + count <= channels,
      "E_SHAPE",
      () => `sliceChannels: expects a range within ${channels} channels, found ${count} from ${start}`,
    );
    return [f32(...x.shape.slice(0, -1), count)];
  },
  variants: [
    plainVariant(kernel, ({ inputs, outputs, params: { start, count } }) => {
      const size = sizeOf(outputs[0]!);
      return {
        threads: size,
        bind: { x: { input: 0 }, y: { output: 0 } },
        args: { size, channels: inputs[0]!.shape.at(-1)!, start, count },
      };
    }),
  ],
});
