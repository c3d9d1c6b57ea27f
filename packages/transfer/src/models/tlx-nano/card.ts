import type { ModelCard } from "../model.js";

/** `bytes` and `sha256` of the file that comes with tlx: the model tests say what they should be. */
export const tlxNanoCard: ModelCard = {
  title: "tlx's own small network, 96 px",
  paper: "",
  weights: {
    file: "tlx-nano.safetensors",
    shipped: true,
    bytes: 1_827_264,
    sha256: "ff77027cea84e969c7ffb4efcd125ef0ffea7449b5521e57298b8d0a2f8d7177",
    licence: "Apache-2.0",
    source: "tlx, with which it comes: docs/tlx-nano.md",
  },
  parameters: 875_944,
  multiplyAdds: 20_088_000,
  inputSize: 96,
  classes: 0,
  blocks: ["stem", ...Array.from({ length: 10 }, (_, i) => `blocks.${i}`), "top"],
};
