/**
 * Matrix product with one thread per output; neighbouring threads take neighbouring columns.
 *
 *   y[i, j] = activate(sum over k of a[i * aRow + k * aStep] * b[k * bStep + j * bColumn] + bias[j])
 */
import type { Problem, Variant } from "../../op.js";
import { dispatch } from "../../wgsl/dispatch.js";
import { type Epilogue, type EpilogueParams, epilogueOf } from "../../wgsl/epilogue.js";
import { flatIndex } from "../../wgsl/functions.js";
import { defineKernel, type Kernel, wgsl } from "../../wgsl/source.js";
import type { Product } from "./product.js";

const body = wgsl`
@compute @workgroup_size(WG_X, WG_Y, WG_Z)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) local: u32) {
  let i = flat_index(group, groups, local);
  if (i >= args.m * args.n) { return; }
  let column = i % args.n;
  var a_at = i / args.n * args.aRow;
  var b_at = column * args.bColumn;
  var sum = 0.0;
  for (var k = 0u; k < args.k; k++) {
    sum += a[a_at] * b[b_at];
    a_at += args.aStep;
    b_at += args.bStep;
  }
  y[i] = epilogue(sum * scale_of(column) + bias_of(column), i);
}
`;

const kernelFor = ({ bindings, functions }: Epilogue): Kernel =>
  defineKernel({
    name: "matmul/plain",
    bindings: { a: "read f32", b: "read f32", ...bindings, y: "write f32" },
    args: { m: "u32", k: "u32", n: "u32", aRow: "u32", aStep: "u32", bStep: "u32", bColumn: "u32", activation: "u32" },
    workgroup: [64, 1, 1],
    functions: [flatIndex, ...functions],
    body,
  });

export const plain = <P extends EpilogueParams>(productOf: (problem: Problem<P>) => Product): Variant<P> => ({
  name: "plain",
  fits: () => true,
  lower(problem, caps) {
    const product = productOf(problem);
    const epilogue = epilogueOf(problem);
    return {
      dispatches: [
        dispatch(kernelFor(epilogue), caps, {
          threads: product.m * product.n,
          bind: { a: { input: 0 }, b: { input: 1 }, ...epilogue.bind, y: { output: 0 } },
          args: { ...product, activation: epilogue.activation },
        }),
      ],
    };
  },
});
