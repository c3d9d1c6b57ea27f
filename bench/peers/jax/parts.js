/** What several ops are made of. */

/** Channels come second in pictures, last in rows. */
export const channelAxis = ({ ndim }) => (ndim === 4 ? 1 : ndim - 1);
export const otherAxes = (x) => x.shape.map((_, i) => i).filter((axis) => axis !== channelAxis(x));

/** A reference to vector `v`, to meet an array of `rank` dimensions. */
export const perChannel = (v, rank) => (rank === 4 ? v.ref.reshape([1, v.size, 1, 1]) : v.ref);

/** Uses up `x`. */
export const activate = (jax, x, activation = "none") => (activation === "none" ? x : jax.nn[activation](x));

/** Uses up both operands. */
export function convolution({ lax }, x, w, { stride, pad, dilation }, groups) {
  const [top, bottom, left, right] = pad;
  const padding = [
    [top, bottom],
    [left, right],
  ];
  return lax.convGeneralDilated(x, w, stride, padding, { rhsDilation: dilation, featureGroupCount: groups });
}

/** Largest or mean of each window of `x`, which is used up; `shape` is tlx's of the result. */
export function pool({ lax, numpy: np }, x, kind, { kernel, stride, pad }, [, oh, ow]) {
  const [, , h, w] = x.shape;
  const [top, , left] = pad;
  // As much as the last window reaches: in ceil mode that is beyond the padding.
  const after = [(oh - 1) * stride[0] + kernel[0] - h - top, (ow - 1) * stride[1] + kernel[1] - w - left];
  const widths = [
    [0, 0],
    [0, 0],
    [top, Math.max(0, after[0])],
    [left, Math.max(0, after[1])],
  ];
  let padded = x;
  if (widths.flat().some((width) => width > 0)) {
    padded = np.pad(x, widths);
    if (kind === "max") {
      const inside = np.pad(np.ones([1, 1, h, w]), widths).greater(0);
      padded = np.where(inside, padded, Number.NEGATIVE_INFINITY);
    }
  }
  return lax.reduceWindow(padded, (window) => np[kind](window), kernel, stride);
}
