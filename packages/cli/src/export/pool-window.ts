/**
 * Where a pool reads, in numbers that formats without ceil mode can say.
 *
 *   after = (OUT - 1) stride + kernel - IN - before, as far as windows reach; what of it is beyond the padding hangs over
 */
import type { Value } from "@tlx/kernels";
import type { Node } from "@tlx/nn";

export interface PoolWindow {
  readonly kernel: readonly [number, number];
  readonly stride: readonly [number, number];
  /** [top, bottom, left, right], no more of bottom and right than windows reach. */
  readonly pad: readonly [number, number, number, number];
  /** [bottom, right]: how far a last window of ceil mode reaches beyond the padding. */
  readonly over: readonly [number, number];
}

interface PoolParams extends Pick<PoolWindow, "kernel" | "stride" | "pad"> {}

export function poolWindow({ params, inputs, outputs }: Node): PoolWindow {
  const { kernel, stride, pad } = params as PoolParams;
  const reach = (axis: 0 | 1): number => {
    const extent = (value: Value): number => value.spec.shape[1 + axis]!;
    const after = (extent(outputs[0]!) - 1) * stride[axis] + kernel[axis] - extent(inputs[0]!) - pad[2 * axis]!;
    return Math.max(0, after);
  };
  const [bottom, right] = [reach(0), reach(1)];
  return {
    kernel,
    stride,
    pad: [pad[0], Math.min(pad[1], bottom), pad[2], Math.min(pad[3], right)],
    over: [Math.max(0, bottom - pad[1]), Math.max(0, right - pad[3])],
  };
}

/** The padding and what hangs over it: [top, bottom, left, right]. */
export const padWithOver = ({ pad, over }: PoolWindow): readonly [number, number, number, number] => [
  pad[0],
  pad[1] + over[0],
  pad[2],
  pad[3] + over[1],
];

/** Row `o` averages the elements from floor(o I / O) to before ceil((o + 1) I / O): [O, I]. */
export function averagingMatrix(outputs: number, inputs: number): Float32Array {
  const matrix = new Float32Array(outputs * inputs);
  for (let o = 0; o < outputs; o++) {
    const from = Math.floor((o * inputs) / outputs);
    const to = Math.ceil(((o + 1) * inputs) / outputs);
    matrix.fill(1 / (to - from), o * inputs + from, o * inputs + to);
  }
  return matrix;
}
