import type { ModelCard } from "../model.js";
import { torchvisionWeights } from "../torchvision-weights.js";

const common = {
  paper: "https://arxiv.org/abs/1512.00567",
  parameters: 23_834_568,
  multiplyAdds: 5_713_216_096,
  inputSize: 299,
  classes: 1000,
  blocks: [
    ...["1a_3x3", "2a_3x3", "2b_3x3", "3b_1x1", "4a_3x3"].map((name) => `Conv2d_${name}`),
    ...["5b", "5c", "5d", "6a", "6b", "6c", "6d", "6e", "7a", "7b", "7c"].map((name) => `Mixed_${name}`),
  ],
} as const;

export const inceptionV3Card: ModelCard = {
  ...common,
  title: "Inception-v3, 299 px",
  weights: /* @__PURE__ */ torchvisionWeights("inception_v3", "inception_v3_google-0cc3c7bd"),
};

export const inceptionV3TfCard: ModelCard = {
  ...common,
  title: "Inception-v3, 299 px, with TensorFlow's averages, which leave the padding out",
  weights: {
    file: "inception_v3_tf.safetensors",
    url: "https://huggingface.co/timm/inception_v3.tf_in1k/resolve/main/model.safetensors",
    untried: true,
    licence: "Apache-2.0 (TensorFlow, timm)",
    source:
      "timm's inception_v3.tf_in1k, or any file of weights that TensorFlow trained, with torchvision's tensor names",
  },
};
