/**
 * Gradient of `gateChannels` in its gate: dgate[n, 0, 0, c] = sum over h, w of x[n, h, w, c] * dy[n, h, w, c].
 *
 * Shapes   x and dy f32 [N, H, W, C] -> dgate [N, 1, 1, C]
 * Method   sums of columns, of which a picture is a part
 */
import { check } from "../../errors.js";
import type { Capabilities } from "../../gpu/capabilities.js";
import { defineOp, type NoParams, type Op, type VariantSettings } from "../../op.js";
import { f32, formatSpec, type Spec, sameSpec } from "../../spec.js";
import {
  definePartSums,
  launchParts,
  type PartExtents,
  type PartSettings,
  partSettings,
} from "../../variants/part-sums.js";
import { wgsl } from "../../wgsl/source.js";

const kernels = /* @__PURE__ */ definePartSums({
  name: "gateChannelsGrad/plain",
  bindings: { x: "read wide", dy: "read wide", dgate: "write wide" },
  args: {},
  body: wgsl`
struct Sums { sum: Value }
fn begin(first: u32, column: u32) -> Sums { return Sums(); }
fn with_row(sums: Sums, at: u32) -> Sums { return Sums(sums.sum + x[at] * dy[at]); }
fn join(a: Sums, b: Sums) -> Sums { return Sums(a.sum + b.sum); }
fn finish(sums: Sums, i: u32, column: u32, count: f32) { dgate[i] = sums.sum; }
`,
});

const extentsOf = ({ shape: [n, h, w, columns] }: Spec): PartExtents => ({
  ...{ rows: n! * h! * w!, columns: columns! },
});

/** A picture is a part of the rows. */
const settingsOf = (x: Spec, caps: Capabilities): readonly (VariantSettings & PartSettings)[] =>
  partSettings(caps, extentsOf(x), x.shape[1]! * x.shape[2]!);

export const gateChannelsGrad: Op<NoParams> = /* @__PURE__ */ defineOp<NoParams>({
  name: "gateChannelsGrad",
  infer(inputs) {
    const [x, dy] = inputs as [Spec, Spec];
    check(
      inputs.length === 2 && x.dtype === "f32" && x.shape.length === 4 && sameSpec(x, dy),
      "E_SHAPE",
      () => `gateChannelsGrad: expects f32 x and dy [N, H, W, C], found ${inputs.map(formatSpec).join(", ")}`,
    );
    return [f32(x.shape[0]!, 1, 1, x.shape[3]!)];
  },
  variants: [
    {
      name: "plain",
      fits: () => true,
      settings: ({ inputs: [x] }, caps) => settingsOf(x!, caps),
      lower({ inputs: [x] }, caps, settings) {
        const chosen = (settings ?? settingsOf(x!, caps)[0]!) as unknown as PartSettings;
        const bind = { x: { input: 0 }, dy: { input: 1 }, dgate: { output: 0 } };
        return { dispatches: [launchParts(kernels, caps, extentsOf(x!), chosen, bind, {})] };
      },
    },
  ],
});
