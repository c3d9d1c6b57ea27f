import { check } from "@tlx/kernels";
import { alexNet } from "./alexnet/model.js";
import { efficientNetB0 } from "./efficientnet-b0/model.js";
import { inceptionV3, inceptionV3Tf } from "./inception-v3/model.js";
import { mobileNetV2, mobileNetV2Gluon, mobileNetV2Keras } from "./mobilenet-v2/model.js";
import {
  mobileNetV2Width035,
  mobileNetV2Width050,
  mobileNetV2Width075,
  mobileNetV2Width130,
  mobileNetV2Width140,
} from "./mobilenet-v2/widths.js";
import { mobileNetV3Large, mobileNetV3Small } from "./mobilenet-v3/model.js";
import type { Model } from "./model.js";
import { resNet18, resNet34, resNet50, resNet101 } from "./resnet/model.js";
import { squeezeNet10, squeezeNet11 } from "./squeezenet/model.js";
import { tlxNano } from "./tlx-nano/model.js";

/** Every network tlx can load: one line per model. */
export const models: readonly Model[] = [
  alexNet,
  efficientNetB0,
  inceptionV3,
  inceptionV3Tf,
  mobileNetV2,
  mobileNetV2Gluon,
  mobileNetV2Keras,
  mobileNetV2Width035,
  mobileNetV2Width050,
  mobileNetV2Width075,
  mobileNetV2Width130,
  mobileNetV2Width140,
  mobileNetV3Large,
  mobileNetV3Small,
  resNet18,
  resNet34,
  resNet50,
  resNet101,
  squeezeNet10,
  squeezeNet11,
  tlxNano,
];

/** Throws E_USAGE with all names when there is no such model. */
export function findModel(name: string): Model {
  const model = models.find((m) => m.name === name);
  check(
    model !== undefined,
    "E_USAGE",
    () => `model: expected one of ${models.map((m) => m.name).join(", ")}, found "${name}"`,
  );
  return model;
}
