/** What both directions share: each picture is a matrix [rows, columns], whose columns become rows. */
import type { Problem, Variant } from "../../op.js";
import { sizeOf } from "../../spec.js";
import { type ElementwiseKernels, elementwiseKernels, elementwiseVariant } from "../../variants/elementwise-variant.js";
import { wgsl } from "../../wgsl/source.js";

type Turning = ElementwiseKernels<"x" | "y", "rows" | "columns">;

export const turningKernels = (name: string): Turning =>
  elementwiseKernels({
    name,
    bindings: { x: "read wide", y: "write wide" },
    args: { rows: "u32", columns: "u32" },
    body: wgsl`
fn element(i: u32) {
  let column = i / args.rows;
  y[i] = x[(column / args.columns * args.rows + i % args.rows) * args.columns + column % args.columns];
}
`,
  });

export const turningVariant = <P>(
  kernels: Turning,
  matrixOf: (problem: Problem<P>) => { readonly rows: number; readonly columns: number },
): Variant<P> =>
  elementwiseVariant(
    kernels,
    (problem) => ({ bind: { x: { input: 0 }, y: { output: 0 } }, args: matrixOf(problem) }),
    ({ outputs: [y] }) => ({ size: sizeOf(y!), alike: 1 }), // neighbours of y lie apart in x
  );
