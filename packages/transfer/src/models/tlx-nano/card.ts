import type { ModelCard } from "../model.js";

/** `bytes` and `sha256` of the file that comes with tlx: the model tests say what they should be. */
export const tlxNanoCard: ModelCard = {
  title: "tlx's own small network, 96 px",
  paper: "",
  weights: {
    file: "tlx-nano.safetensors",
    shipped: true,
    bytes: 2_743_024,
    sha256: "a62778da896ca7c447d09cc0b1da99810d725a9e6e55635c4a6b48c083973b9d",
    licence: "Apache-2.0",
    source: "tlx, with which it comes; begun from MobileNetV2 (ONNX model zoo, Apache-2.0): docs/tlx-nano.md",
  },
  parameters: 1_319_520,
  multiplyAdds: 29_347_776,
  inputSize: 96,
  classes: 0,
  blocks: ["stem", ...Array.from({ length: 17 }, (_, i) => `blocks.${i}`), "top"],
};
