/**
 * Puts inputs side by side along the channels: y[.., C0 + .. + C(i-1) + c] = x_i[.., c].
 *
 * Shapes   one or more f32 [.., Ci], equal but for the last extent -> y [.., C0 + C1 + ..]
 * Method   one dispatch per input, so any number of inputs stays within the limit of 8 storage buffers
 */
import { check } from "../../errors.js";
import { defineOp, type NoParams, type Op } from "../../op.js";
import { f32, formatSpec, type Spec, sizeOf } from "../../spec.js";
import { dispatch } from "../../wgsl/dispatch.js";
import { flatIndex } from "../../wgsl/functions.js";
import { defineKernel, wgsl } from "../../wgsl/source.js";

const kernel = /* @__PURE__ */ defineKernel({
  name: "concat/plain",
  bindings: { x: "read f32", y: "write f32" },
  args: { size: "u32", channels: "u32", total: "u32", offset: "u32" },
  workgroup: [64, 1, 1],
  functions: [flatIndex],
  body: wgsl`
@compute @workgroup_size(WG_X, WG_Y, WG_Z)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) local: u32) {
  let i = flat_index(group, groups, local);
  if (i >= args.size) { return; }
  y[i / args.channels * args.total + args.offset + i % args.channels] = x[i];
}
`,
});

export const concat: Op<NoParams> = /* @__PURE__ */ defineOp<NoParams>({
  name: "concat",
  infer(inputs) {
    const [first] = inputs as [Spec];
    const fits = (s: Spec): boolean =>
      s.dtype === "f32" &&
      s.shape.length === first.shape.length &&
      s.shape.slice(0, -1).every((d, i) => d === first.shape[i]);
    check(
      inputs.length > 0 && inputs.every(fits),
      "E_SHAPE",
      () =>
        `concat: expects f32 inputs that are equal but for the last extent, found ${inputs.map(formatSpec).join(", ")}`,
    );
    return [
      f32(
        ...first.shape.slice(0, -1),
        inputs.reduce((sum, s) => sum + s.shape.at(-1)!, 0),
      ),
    ];
  },
  variants: [
    {
      name: "plain",
      fits: () => true,
      lower({ inputs, outputs }, caps) {
        const total = outputs[0]!.shape.at(-1)!;
        let offset = 0;
        const dispatches = inputs.map((input, i) => {
          const size = sizeOf(input);
          const channels = input.shape.at(-1)!;
          offset += channels;
          return dispatch(kernel, caps, {
            threads: size,
            bind: { x: { input: i }, y: { output: 0 } },
            args: { size, channels, total, offset: offset - channels },
          });
        });
        return { dispatches };
      },
    },
  ],
});
