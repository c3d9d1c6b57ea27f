/**
 * The two orders of a param: torchvision's, as checkpoints store it, and tlx's. The rank tells the kind:
 *
 *   convolution  [OC, C/groups, KH, KW]  <->  [KH, KW, C/groups, OC]
 *   dense        [out, in]               <->  [in, out]
 *   any other    stays as it is
 */
import type { HostTensor } from "@tlx/kernels";

type Data = HostTensor["data"];

// result dimension i is input dimension order[i]
const toTlxOrder: ReadonlyMap<number, readonly number[]> = new Map([
  [4, [2, 3, 1, 0]],
  [2, [1, 0]],
]);
const toStoredOrder: ReadonlyMap<number, readonly number[]> = new Map([
  [4, [3, 2, 0, 1]],
  [2, [1, 0]],
]);

/** The shape a checkpoint stores for a param of this tlx shape. */
export function storedShape(shape: readonly number[]): readonly number[] {
  return toStoredOrder.get(shape.length)?.map((d) => shape[d]) ?? shape;
}

function permute(tensor: HostTensor, order: readonly number[] | undefined): HostTensor {
  const { spec, data } = tensor;
  if (!order) return tensor;
  const shape = order.map((d) => spec.shape[d]);
  const strides = order.map((d) => spec.shape.slice(d + 1).reduce((a, b) => a * b, 1));
  // A matrix is walked as [1, 1, rows, columns].
  const [n0, n1, n2, n3] = [...Array<number>(4 - shape.length).fill(1), ...shape];
  const [s0, s1, s2, s3] = [...Array<number>(4 - shape.length).fill(0), ...strides];
  const result: Data = data.slice();
  let at = 0;
  for (let i0 = 0; i0 < n0; i0++)
    for (let i1 = 0; i1 < n1; i1++)
      for (let i2 = 0; i2 < n2; i2++) {
        const base = i0 * s0 + i1 * s1 + i2 * s2;
        for (let i3 = 0; i3 < n3; i3++) result[at++] = data[base + i3 * s3];
      }
  return { spec: { dtype: spec.dtype, shape }, data: result };
}

/** From the order of a checkpoint to that of tlx. */
export const toTlxLayout = (tensor: HostTensor): HostTensor =>
  permute(tensor, toTlxOrder.get(tensor.spec.shape.length));

/** From the order of tlx to that of a checkpoint. */
export const toStoredLayout = (tensor: HostTensor): HostTensor =>
  permute(tensor, toStoredOrder.get(tensor.spec.shape.length));

/** Does `own`, in the order of tlx, have the bits of `stored`, of the same extents in the order of a checkpoint? Nothing is copied. */
export function holdsStored(own: HostTensor, { spec, data }: HostTensor): boolean {
  const rounded = own.data instanceof Float64Array ? Float32Array.from(own.data) : own.data;
  const [a, b] = [rounded, data].map(({ buffer, byteOffset, length }) => new Uint32Array(buffer, byteOffset, length));
  const isReordered = toTlxOrder.has(spec.shape.length);
  const [rows, columns, kh = 1, kw = 1] = isReordered ? spec.shape : [1, data.length];
  const area = kh * kw;
  let at = 0;
  for (let row = 0; row < rows; row++)
    for (let column = 0; column < columns; column++)
      for (let tap = 0; tap < area; tap++) if (a![(tap * columns + column) * rows + row] !== b![at++]) return false;
  return true;
}
