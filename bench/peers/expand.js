/**
 * expandDepthwise as the two convolutions it is made of, for runtimes without such an op: the params and biases of each.
 * `inputs` are x, the weight of the expansion, that of the depthwise part, and the biases there are.
 */
export function expandParts([, , , ...given], params) {
  const { biases, expandedActivation, expandStride, expandPad, ...window } = params;
  const biasOf = (part) => (biases.includes(part) ? [given[biases.indexOf(part)]] : []);
  return {
    expansion: { stride: expandStride, pad: expandPad, dilation: [1, 1], groups: 1, activation: expandedActivation },
    expandedBias: biasOf("expanded"),
    window,
    bias: biasOf("result"),
  };
}
