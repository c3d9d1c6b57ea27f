/**
 * Mean of each channel over the whole picture: y[n, c] = sum over h, w of x[n, h, w, c] / (H * W).
 *
 * Shapes   x f32 [N, H, W, C] -> y [N, C], or [N, 1, 1, C] where the rank is kept
 * Method   sums of columns, of which a picture is a part
 */
import { check } from "../../errors.js";
import type { Capabilities } from "../../gpu/capabilities.js";
import { defineOp, type Op, type VariantSettings } from "../../op.js";
import { f32, formatSpec, type Spec } from "../../spec.js";
import { launchColumnSums } from "../../variants/column-sums.js";
import { type PartExtents, type PartSettings, partSettings } from "../../variants/part-sums.js";

export interface GlobalAveragePoolParams {
  /** Is y a picture of one pixel, which a convolution can read? Left out: no. */
  readonly keepRank?: boolean;
}

const extentsOf = ({ shape: [n, h, w, columns] }: Spec): PartExtents => ({
  ...{ rows: n! * h! * w!, columns: columns! },
});

/** A picture is a part of the rows. */
const settingsOf = (x: Spec, caps: Capabilities): readonly VariantSettings[] =>
  partSettings(caps, extentsOf(x), x.shape[1]! * x.shape[2]!);

export const globalAveragePool: Op<GlobalAveragePoolParams> = /* @__PURE__ */ defineOp<GlobalAveragePoolParams>({
  name: "globalAveragePool",
  infer(inputs, { keepRank }) {
    const [x] = inputs as [Spec];
    check(
      inputs.length === 1 && x.dtype === "f32" && x.shape.length === 4,
      "E_SHAPE",
      () => `globalAveragePool: expects one f32 input [N, H, W, C], found ${inputs.map(formatSpec).join(", ")}`,
    );
    return [f32(x.shape[0]!, ...(keepRank ? [1, 1] : []), x.shape[3]!)];
  },
  variants: [
    {
      name: "plain",
      fits: () => true,
      settings: ({ inputs: [x] }, caps) => settingsOf(x!, caps),
      lower({ inputs }, caps, settings) {
        const [x] = inputs as [Spec];
        const chosen = (settings ?? settingsOf(x, caps)[0]!) as unknown as PartSettings;
        const bind = { x: { input: 0 }, y: { output: 0 } };
        return { dispatches: [launchColumnSums(caps, extentsOf(x), chosen, bind, chosen.rowsPerPart)] };
      },
    },
  ],
});
