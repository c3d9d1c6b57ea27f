/**
 * What the losses of rows share: a weighted loss per sample with its gradient, then one workgroup that adds the losses.
 *
 * Shapes   x f32 [B, K], targets, weights f32 [B] -> loss f32 [1], gradient f32 [B, K]
 * Method   one workgroup or invocation per sample; sums in fixed order
 * Needs    scratch of B elements
 */
import { check } from "../../errors.js";
import type { Variant } from "../../op.js";
import { f32, formatSpec, type Spec, sameSpec } from "../../spec.js";
import { gridOfItems } from "../../variants/sharing.js";
import { totalKernel } from "../../variants/total-kernel.js";
import { dispatch } from "../../wgsl/dispatch.js";
import type { WideKernels } from "../../wgsl/width.js";
import { type RowSettings, rowSettings } from "../softmax/row-statistics.js";

/** Output specs of a loss. `expected` names its inputs in the error, `targetsOf` gives the second from the first. */
export function inferLoss(
  op: string,
  inputs: readonly Spec[],
  expected: string,
  targetsOf: (x: Spec) => Spec,
): readonly Spec[] {
  const [x, targets, weights] = inputs as [Spec, Spec, Spec];
  check(
    inputs.length === 3 &&
      x.dtype === "f32" &&
      x.shape.length === 2 &&
      sameSpec(targets, targetsOf(x)) &&
      sameSpec(weights, f32(x.shape[0]!)),
    "E_SHAPE",
    () => `${op}: expects ${expected} and weights f32 [B], found ${inputs.map(formatSpec).join(", ")}`,
  );
  return [f32(1), x];
}

type LossKernels<A extends string> = WideKernels<
  "x" | "targets" | "weights" | "losses" | "grad",
  "rows" | "columns" | A
>;

/** `perSampleBy` gives the kernels in which so many lanes share a sample, `argsOf` what those take beside the extents. */
export function lossVariant<P, A extends string>(
  op: string,
  perSampleBy: (lanes: number) => LossKernels<A>,
  argsOf: (params: P) => Readonly<Record<A, number>>,
): Variant<P> {
  const addLosses = totalKernel(`${op}/plain/total`);
  return {
    name: "plain",
    fits: () => true,
    settings: ({ inputs: [x] }, caps) => rowSettings(caps, x!),
    lower({ inputs, params }, caps, settings) {
      const { width, lanes } = (settings ?? rowSettings(caps, inputs[0]!)[0]!) as unknown as RowSettings;
      const [rows, columns] = inputs[0]!.shape as [number, number];
      return {
        scratch: [f32(rows)],
        dispatches: [
          dispatch(perSampleBy(lanes)[width], caps, {
            ...gridOfItems(lanes, rows),
            bind: {
              x: { input: 0 },
              targets: { input: 1 },
              weights: { input: 2 },
              losses: { scratch: 0 },
              grad: { output: 1 },
            },
            args: { rows, columns: columns / width, ...argsOf(params) },
          }),
          dispatch(addLosses, caps, {
            groups: 1,
            bind: { partials: { scratch: 0 }, y: { output: 0 } },
            args: { count: rows },
          }),
        ],
      };
    },
  };
}
