/**
 * Puts inputs side by side along the channels: y[.., C0 + .. + C(i-1) + c] = x_i[.., c].
 *
 * Shapes   one or more f32 [.., Ci], equal but for the last extent -> y [.., C0 + C1 + ..]
 * Method   one dispatch per input, so any number of inputs stays within the limit of 8 storage buffers
 */
import { check } from "../../errors.js";
import type { Capabilities } from "../../gpu/capabilities.js";
import { defineOp, type NoParams, type Op, type VariantSettings } from "../../op.js";
import { f32, formatSpec, type Spec, sizeOf } from "../../spec.js";
import {
  type ElementwiseSettings,
  elementwiseKernels,
  elementwiseSettings,
  gridOf,
} from "../../variants/elementwise-variant.js";
import { dispatch } from "../../wgsl/dispatch.js";
import { wgsl } from "../../wgsl/source.js";

const kernels = /* @__PURE__ */ elementwiseKernels({
  name: "concat/plain",
  bindings: { x: "read wide", y: "write wide" },
  args: { channels: "u32", total: "u32", offset: "u32" },
  body: wgsl`
fn element(i: u32) {
  y[i / args.channels * args.total + args.offset + i % args.channels] = x[i];
}
`,
});

/** For the largest input. */
const settingsOf = (inputs: readonly Spec[], caps: Capabilities): readonly VariantSettings[] =>
  elementwiseSettings(caps, {
    size: Math.max(...inputs.map(sizeOf)),
    alike: inputs.every((x) => x.shape.at(-1)! % 4 === 0) ? 4 : 1,
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
      settings: ({ inputs }, caps) => settingsOf(inputs, caps),
      lower({ inputs, outputs }, caps, settings) {
        const chosen = (settings ?? settingsOf(inputs, caps)[0]!) as unknown as ElementwiseSettings;
        const total = outputs[0]!.shape.at(-1)! / chosen.width;
        let offset = 0;
        const dispatches = inputs.map((input, i) => {
          const { threads, ...grid } = gridOf(sizeOf(input), chosen);
          const channels = input.shape.at(-1)! / chosen.width;
          offset += channels;
          return dispatch(kernels[chosen.width], caps, {
            threads,
            bind: { x: { input: i }, y: { output: 0 } },
            args: { ...grid, channels, total, offset: offset - channels },
          });
        });
        return { dispatches };
      },
    },
  ],
});
