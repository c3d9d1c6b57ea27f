import { type BoundDispatch, bytesOf, chooseVariant, type Gpu, type Op, type Spec } from "@tlx/kernels";
import type { KeptBuffers } from "./kept-buffers.js";

/** A tensor in a buffer, which may be larger. */
export interface Bound {
  readonly spec: Spec;
  readonly binding: GPUBufferBinding;
}

/** Binds as much of the buffer as a binding can be, so that its binding is the same for tensors of every size. */
export function bound(gpu: Gpu, spec: Spec, buffer: GPUBuffer): Bound {
  const size = Math.max(bytesOf(spec), Math.min(buffer.size, gpu.capabilities.maxStorageBufferBindingSize));
  return { spec, binding: { buffer, size } };
}

/** Lowers one op to dispatches on given buffers; its result goes to `output`, its scratch is kept by the name of the op. */
export function bindOp<P>(
  gpu: Gpu,
  kept: KeptBuffers,
  op: Op<P>,
  inputs: readonly Bound[],
  params: P,
  output: GPUBufferBinding,
): BoundDispatch[] {
  const specs = inputs.map((i) => i.spec);
  const problem = { inputs: specs, outputs: op.infer(specs, params), params };
  const caps = gpu.capabilities;
  const { variant, settings } = chooseVariant(op, problem, caps);
  const { dispatches, scratch = [] } = variant.lower(problem, caps, settings);
  const scratches = scratch.map(
    (spec, i) => bound(gpu, spec, kept.get(`${op.name}/scratch ${i}`, bytesOf(spec))).binding,
  );
  return dispatches.map((dispatch) => ({
    label: `preprocess/${op.name}`,
    dispatch,
    resolve: (operand) => {
      if ("input" in operand) return inputs[operand.input]!.binding;
      return "scratch" in operand ? scratches[operand.scratch]! : output;
    },
  }));
}
