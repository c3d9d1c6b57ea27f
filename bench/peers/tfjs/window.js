/** Padding [top, bottom, left, right] in pairs: a single number makes TensorFlow.js take kernel and stride to be square. */
export const padOf = ([top, bottom, left, right]) => [
  [0, 0],
  [top, bottom],
  [left, right],
  [0, 0],
];

export const windowOf = ({ stride, pad, dilation = [1, 1] }) => ({
  strides: stride,
  pad: padOf(pad),
  dilations: dilation,
});

/** A depthwise weight [KH, KW, 1, C] as [KH, KW, C, 1]: the same numbers in the same order. */
export const taps = (w) => w.reshape([w.shape[0], w.shape[1], w.shape[3], 1]);

export const activate = (tf, x, activation = "none") => (activation === "none" ? x : tf[activation](x));
