/**
 * A tensor by whose name a checkpoint of each registered network is known, to tell people what their file is. The first that is
 * there counts: larger ResNets have all names of smaller ones. Names alone: to build the networks for that would bring all of
 * them into every page.
 */
const signatures: readonly (readonly [network: string, tensor: string])[] = [
  ["alexnet", "features.10.weight"],
  ["efficientnet-b0", "features.1.0.block.1.fc1.weight"],
  ["inception-v3", "Mixed_5b.branch1x1.conv.weight"],
  ["mobilenet-v2", "features.1.conv.1.weight"],
  ["mobilenet-v2-gluon", "features.1.conv.1.0.weight"],
  ["mobilenet-v3-large", "features.15.block.0.0.weight"],
  ["mobilenet-v3-small", "features.1.block.1.fc1.weight"],
  ["resnet-101", "layer3.22.conv3.weight"],
  ["resnet-50", "layer1.0.conv3.weight"],
  ["resnet-34", "layer3.5.conv2.weight"],
  ["resnet-18", "layer1.0.conv1.weight"],
  ["squeezenet-1.0", "features.5.squeeze.weight"],
  ["squeezenet-1.1", "features.3.squeeze.weight"],
  ["tlx-nano", "blocks.0.depthwise.conv.weight"],
];

/** The registered network that has tensors of these names, if one has. */
export const networkOf = (tensors: ReadonlySet<string>): string | undefined =>
  signatures.find(([, tensor]) => tensors.has(tensor))?.[0];
