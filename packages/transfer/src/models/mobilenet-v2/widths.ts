/** MobileNetV2 with all channels times a width, rounded to multiples of 8; the top never has less than 1280. */
import type { WeightsCard } from "../../weights/source.js";
import { bicubic } from "../bicubic.js";
import { imagenetPreprocess } from "../imagenet-preprocess.js";
import { makeDivisible } from "../make-divisible.js";
import type { Model, ModelCard } from "../model.js";
import { buildMobileNetV2Backbone, buildMobileNetV2Classifier } from "./architecture.js";
import { mobileNetV2Card } from "./card.js";

const release = "https://github.com/rwightman/pytorch-image-models/releases/download/v0.1-weights";

/** What is `published` by timm is a file name that ends with the first 8 digits of its SHA-256. */
function weightsOf(width: string, published?: string): WeightsCard {
  const file = `mobilenet_v2_${width}.safetensors`;
  const names = "file with timm's or torchvision's tensor names";
  if (published === undefined) return { file, licence: "that of the file", source: `a ${names} for this width` };
  return {
    file,
    url: `${release}/${published}.pth`,
    sha256Prefix: published.slice(published.lastIndexOf("-") + 1),
    untried: true,
    licence: "Apache-2.0 (timm)",
    source: `timm's ${published.slice(0, published.lastIndexOf("-"))}, or a ${names} for this width`,
  };
}

function ofWidth(width: string, counts: Pick<ModelCard, "parameters" | "multiplyAdds">, published?: string): Model {
  const channels = (usual: number): number => makeDivisible(usual * Number(width));
  return {
    name: `mobilenet-v2-${width}`,
    card: {
      ...mobileNetV2Card,
      title: `MobileNetV2 ${width}, 224 px`,
      weights: weightsOf(width, published),
      ...counts,
    },
    preprocess: { ...imagenetPreprocess, filter: bicubic }, // what timm trained with
    backbone: (s, image, form) => buildMobileNetV2Backbone(s, image, form, { channels }),
    classifier: buildMobileNetV2Classifier,
    headPath: "classifier.1",
  };
}

export const mobileNetV2Width035: Model = /* @__PURE__ */ ofWidth("0.35", {
  parameters: 1_677_128,
  multiplyAdds: 59_285_808,
});
export const mobileNetV2Width050: Model = /* @__PURE__ */ ofWidth(
  "0.5",
  { parameters: 1_968_680, multiplyAdds: 97_131_840 },
  "mobilenetv2_050-3d30d450",
);
export const mobileNetV2Width075: Model = /* @__PURE__ */ ofWidth("0.75", {
  parameters: 2_636_424,
  multiplyAdds: 209_069_792,
});
export const mobileNetV2Width130: Model = /* @__PURE__ */ ofWidth("1.3", {
  parameters: 5_386_792,
  multiplyAdds: 509_374_560,
});
export const mobileNetV2Width140: Model = /* @__PURE__ */ ofWidth(
  "1.4",
  { parameters: 6_108_776, multiplyAdds: 582_195_824 },
  "mobilenetv2_140_ra-21a4e913",
);
