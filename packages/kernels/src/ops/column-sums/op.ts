/**
 * Sum over all but the last dimension, the gradient of a bias: y[c] = sum of x[.., c].
 *
 * Shapes   x f32 [.., C] -> y [C]
 * Method   many rows are cut into parts that are summed side by side, then the parts are summed; both in fixed order,
 *          so equal input gives equal bits
 * Needs    scratch of parts x C elements when there are many rows
 */
import { check } from "../../errors.js";
import type { Capabilities } from "../../gpu/capabilities.js";
import { type Dispatch, defineOp, type NoParams, type Op, type Operand, type VariantSettings } from "../../op.js";
import { f32, formatSpec, type Spec, sizeOf } from "../../spec.js";
import { launchColumnSums } from "../../variants/column-sums.js";
import { type PartSettings, partSettings } from "../../variants/part-sums.js";

const FEW_ROWS = 128; // up to these a second dispatch costs more than it saves

function settingsOf(x: Spec, caps: Capabilities): readonly VariantSettings[] {
  const columns = x.shape.at(-1)!;
  const rows = sizeOf(x) / columns;
  return partSettings(caps, { rows, columns }, rows <= FEW_ROWS ? rows : undefined);
}

export const columnSums: Op<NoParams> = /* @__PURE__ */ defineOp<NoParams>({
  name: "columnSums",
  infer(inputs) {
    const [x] = inputs as [Spec];
    check(
      inputs.length === 1 && x.dtype === "f32" && x.shape.length > 0,
      "E_SHAPE",
      () => `columnSums: expects one f32 input [.., C], found ${inputs.map(formatSpec).join(", ")}`,
    );
    return [f32(x.shape.at(-1)!)];
  },
  variants: [
    {
      name: "plain",
      fits: () => true,
      settings: ({ inputs: [x] }, caps) => settingsOf(x!, caps),
      lower({ inputs, outputs }, caps, settings) {
        const [x] = inputs as [Spec];
        const columns = outputs[0]!.shape[0]!;
        const rows = sizeOf(x) / columns;
        const chosen = (settings ?? settingsOf(x, caps)[0]!) as unknown as PartSettings;
        const parts = Math.ceil(rows / chosen.rowsPerPart);
        const sum = (from: Operand, y: Operand, count: number, rowsPerPart: number): Dispatch =>
          launchColumnSums(caps, { rows: count, columns }, { ...chosen, rowsPerPart }, { x: from, y });
        if (parts === 1) return { dispatches: [sum({ input: 0 }, { output: 0 }, rows, rows)] };
        return {
          scratch: [f32(parts, columns)],
          dispatches: [
            sum({ input: 0 }, { scratch: 0 }, rows, chosen.rowsPerPart),
            sum({ scratch: 0 }, { output: 0 }, parts, parts),
          ],
        };
      },
    },
  ],
});
