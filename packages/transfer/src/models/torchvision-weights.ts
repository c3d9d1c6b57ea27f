import type { WeightsCard } from "../weights/source.js";

/**
 * Weights of torchvision's network `name` on PyTorch's download site. What is `published` there is a file name that ends with
 * the first 8 digits of its SHA-256.
 */
export const torchvisionWeights = (name: string, published: string): WeightsCard => ({
  file: `${name}.safetensors`,
  url: `https://download.pytorch.org/models/${published}.pth`,
  sha256Prefix: published.slice(published.lastIndexOf("-") + 1),
  untried: true,
  licence: "BSD-3-Clause (torchvision)",
  source: `torchvision's ${name}, or any file with its tensor names, batch norm folded or not`,
});
