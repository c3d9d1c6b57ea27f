/** A kernel work as a network of one node, for runtimes whose kernels run in graphs. */

/** How many inputs, beginning with the second, are weights that stay the same from run to run. */
const weightCounts = { conv2d: 1, depthwiseConv2d: 1, expandDepthwise: 2, matmul: 1 };

/** Weights and vectors are weights of the network, which a runtime may prepare, as tlx may; the rest is fed. */
export function networkOf({ op, params, inputs: specs, outputs: results }, set) {
  const isWeight = (i) => i > 0 && (specs[i].shape.length === 1 || i <= (weightCounts[op] ?? 0));
  const numbers = specs.map((_, i) => i);
  const fed = numbers.filter((i) => !isWeight(i));
  const made = results.map((_, i) => specs.length + i);
  const network = {
    specs: new Map([...specs, ...results].map((spec, i) => [i, spec])),
    inputs: new Map(fed.map((i) => [String(i), i])),
    weights: new Map(numbers.filter(isWeight).map((i) => [String(i), { value: i, data: set[i] }])),
    nodes: [{ op, path: op, params, inputs: numbers, outputs: made }],
    outputs: new Map([["0", made[0]]]),
  };
  return { network, inputs: new Map(fed.map((i) => [String(i), set[i]])) };
}
