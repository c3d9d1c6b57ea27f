/**
 * Sum over all but the last dimension, the gradient of a bias: y[c] = sum of x[.., c].
 *
 * Shapes   x f32 [.., C] -> y [C]
 * Method   many rows are cut into parts that are summed side by side, then the parts are summed; both in fixed order,
 *          so equal input gives equal bits
 * Needs    scratch of parts x C elements when there are many rows
 */
import { check } from "../../errors.js";
import { type Dispatch, defineOp, type NoParams, type Op, type Operand } from "../../op.js";
import { f32, formatSpec, type Spec, sizeOf } from "../../spec.js";
import { columnSumsKernel } from "../../variants/column-sums-kernel.js";
import { dispatch } from "../../wgsl/dispatch.js";

const FEW_ROWS = 128; // below this a second dispatch costs more than it saves

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
      lower({ inputs, outputs }, caps) {
        const columns = outputs[0]!.shape[0]!;
        const rows = sizeOf(inputs[0]!) / columns;
        const sum = (x: Operand, y: Operand, count: number, rowsPerPart: number): Dispatch => {
          const size = Math.ceil(count / rowsPerPart) * columns;
          return dispatch(columnSumsKernel, caps, {
            threads: size,
            bind: { x, y },
            args: { size, rows: count, columns, rowsPerPart },
          });
        };
        if (rows <= FEW_ROWS) return { dispatches: [sum({ input: 0 }, { output: 0 }, rows, rows)] };
        // The square root balances the lengths of the two sums.
        const rowsPerPart = Math.ceil(Math.sqrt(rows));
        const parts = Math.ceil(rows / rowsPerPart);
        return {
          scratch: [f32(parts, columns)],
          dispatches: [
            sum({ input: 0 }, { scratch: 0 }, rows, rowsPerPart),
            sum({ scratch: 0 }, { output: 0 }, parts, parts),
          ],
        };
      },
    },
  ],
});
