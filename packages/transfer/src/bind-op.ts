import { type BoundDispatch, bytesOf, chooseVariant, type Gpu, type Op, type Spec } from "@tlx/kernels";
import type { KeptBuffers } from "./kept-buffers.js";

/** A tensor in a buffer. */
export interface Bound {
  readonly spec: Spec;
  readonly binding: GPUBufferBinding;
}

export const bound = (spec: Spec, buffer: GPUBuffer): Bound => ({ spec, binding: { buffer, size: bytesOf(spec) } });

/** Lowers one op to dispatches on given buffers; its result goes to `output`, its scratch is kept by the name of the op. */
export function bindOp<P>(
  gpu: Gpu,
  kept: KeptBuffers,
  op: Op<P>,
  inputs: readonly Bound[],
  params: P,
  output: { readonly buffer: GPUBuffer; readonly offset: number },
): BoundDispatch[] {
  const specs = inputs.map((i) => i.spec);
  const problem = { inputs: specs, outputs: op.infer(specs, params), params };
  const caps = gpu.capabilities;
  const { variant, settings } = chooseVariant(op, problem, caps);
  const { dispatches, scratch = [] } = variant.lower(problem, caps, settings);
  const scratches = scratch.map((spec, i) => bound(spec, kept.get(`${op.name}/scratch ${i}`, bytesOf(spec))).binding);
  const result = { ...output, size: bytesOf(problem.outputs[0]!) };
  return dispatches.map((dispatch) => ({
    label: `preprocess/${op.name}`,
    dispatch,
    resolve: (operand) => {
      if ("input" in operand) return inputs[operand.input]!.binding;
      return "scratch" in operand ? scratches[operand.scratch]! : result;
    },
  }));
}
