import type { ModelCard } from "../model.js";

/** `bytes` and `sha256` of the file that comes with tlx: the model tests say what they should be. */
export const tlxNanoCard: ModelCard = {
  title: "tlx's own small network, 96 px",
  paper: "",
  weights: {
    file: "tlx-nano.safetensors",
    shipped: true,
    bytes: 1_827_264,
    sha256: "0df0b024b890a6baf03de3066e504677507e6320336f36a2516616fee764135f",
    licence: "Apache-2.0",
    source: "tlx, with which it comes: docs/tlx-nano.md",
  },
  parameters: 875_944,
  multiplyAdds: 20_088_000,
  inputSize: 96,
  classes: 0,
  blocks: ["stem", ...Array.from({ length: 10 }, (_, i) => `blocks.${i}`), "top"],
};
