/**
 * A tensor by whose name a checkpoint of each registered network is known, to tell people what their file is. Names alone: to
 * build the networks for that would bring all of them into every page.
 */
const signatures: readonly (readonly [network: string, tensor: string])[] = [
  ["mobilenet-v2", "features.1.conv.1.weight"],
  ["mobilenet-v2-gluon", "features.1.conv.1.0.weight"],
  ["resnet-18", "layer1.0.conv1.weight"],
  ["squeezenet-1.1", "features.3.squeeze.weight"],
  ["tlx-nano", "blocks.0.depthwise.conv.weight"],
];

/** The registered network that has tensors of these names, if one has. */
export const networkOf = (tensors: ReadonlySet<string>): string | undefined =>
  signatures.find(([, tensor]) => tensors.has(tensor))?.[0];
