import { check } from "@tlx/kernels";
import { mobileNetV2, mobileNetV2Gluon } from "./mobilenet-v2/model.js";
import type { Model } from "./model.js";
import { resNet18 } from "./resnet-18/model.js";
import { squeezeNet11 } from "./squeezenet-1.1/model.js";
import { tlxNano } from "./tlx-nano/model.js";

/** Every network tlx can load: one line per model. */
export const models: readonly Model[] = [mobileNetV2, mobileNetV2Gluon, resNet18, squeezeNet11, tlxNano];

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
