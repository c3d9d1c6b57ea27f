/** Brings the elements of a strided view into rows, the last extent fastest. Extents and strides are in elements. */
export interface StridedView {
  readonly bytes: Uint8Array;
  readonly elementBytes: number;
  readonly offset: number;
  readonly shape: readonly number[];
  readonly strides: readonly number[];
}

function isContiguous({ shape, strides }: StridedView): boolean {
  let step = 1;
  for (let d = shape.length - 1; d >= 0; d--) {
    if (shape[d] !== 1 && strides[d] !== step) return false;
    step *= shape[d];
  }
  return true;
}

/** A view into `bytes` where the elements lie in rows already, else a copy. The caller has checked that they lie in `bytes`. */
export function toRows(view: StridedView): Uint8Array {
  const { bytes, elementBytes, offset, shape, strides } = view;
  const count = shape.reduce((a, b) => a * b, 1);
  const begin = offset * elementBytes;
  if (count === 0) return new Uint8Array(0);
  if (isContiguous(view)) return bytes.subarray(begin, begin + count * elementBytes);
  const rows = new Uint8Array(count * elementBytes);
  const index = new Array<number>(shape.length).fill(0);
  let from = begin;
  for (let to = 0; to < rows.length; to += elementBytes) {
    for (let b = 0; b < elementBytes; b++) rows[to + b] = bytes[from + b];
    // Counts up as an odometer does.
    for (let d = shape.length - 1; d >= 0; d--) {
      from += strides[d] * elementBytes;
      if (++index[d] < shape[d]) break;
      from -= strides[d] * elementBytes * shape[d];
      index[d] = 0;
    }
  }
  return rows;
}
