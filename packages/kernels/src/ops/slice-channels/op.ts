/**
 * A range of the channels: y[.., c] = x[.., start + c].
 *
 * Shapes   x f32 [.., C] -> y [.., count]
 */
import { check } from "../../errors.js";
import { defineOp, type Op } from "../../op.js";
import { f32, formatSpec, type Spec, sizeOf } from "../../spec.js";
import { elementwiseKernels, elementwiseVariant } from "../../variants/elementwise-variant.js";
import { wgsl } from "../../wgsl/source.js";

export interface SliceParams {
  readonly start: number;
  readonly count: number;
}

const kernels = /* @__PURE__ */ elementwiseKernels({
  name: "sliceChannels/plain",
  bindings: { x: "read wide", y: "write wide" },
  args: { channels: "u32", start: "u32", count: "u32" },
  body: wgsl`
fn element(i: u32) {
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
    elementwiseVariant(
      kernels,
      ({ inputs, params: { start, count } }, width) => ({
        bind: { x: { input: 0 }, y: { output: 0 } },
        args: { channels: inputs[0]!.shape.at(-1)! / width, start: start / width, count: count / width },
      }),
      ({ inputs: [x], outputs: [y], params: { start, count } }) => ({
        size: sizeOf(y!),
        alike: [x!.shape.at(-1)!, start, count].every((n) => n % 4 === 0) ? count : 1,
      }),
    ),
  ],
});
