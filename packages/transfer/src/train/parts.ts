/** What a training needs only where its network or its settings ask for it: a page that trains loads what it hands over. */
import { check, type GradientRules } from "@tlx/kernels";
import type { fuseTraining, storeHalf, toTraining } from "@tlx/nn";
import type { drawChange } from "../augment/change-picture.js";
import type { resolveMasks } from "../freeze/masks.js";
import type { startBackbone } from "../models/initial-weights.js";
import type { mixerOf } from "./mixer.js";
import { type drawMixing, mixes } from "./mixing.js";
import type { TrainSettings } from "./settings.js";
import type { JobInput } from "./trainer.js";

/** Pictures that are mixed with others. */
export interface MixingParts {
  readonly drawMixing: typeof drawMixing;
  readonly mixerOf: typeof mixerOf;
}

/** Batch norms that learn, with the statistics of the batch; and what makes steps by `gradientRules` faster. */
export interface NormParts {
  readonly toTraining: typeof toTraining;
  readonly fuseTraining: typeof fuseTraining;
}

export interface TrainParts {
  /** Gradient rules of the ops of the network: `basicRules`, or `gradientRules`, whose steps are fast with `norms` beside them. */
  readonly rules: GradientRules;
  /** Of the setting `augment`. */
  readonly drawChange?: typeof drawChange;
  /** Of the setting `batchNorm` "train". */
  readonly norms?: NormParts;
  /** Of the setting `mask` and of masks of elements. */
  readonly resolveMasks?: typeof resolveMasks;
  /** Of the settings `mixup` and `cutmix`. */
  readonly mixing?: MixingParts;
  /** Of the checkpoint "none". */
  readonly startBackbone?: typeof startBackbone;
  /** Of the setting `precision` "f16". */
  readonly storeHalf?: typeof storeHalf;
}

/** Throws E_USAGE for a setting whose part is missing. */
export function checkParts(parts: TrainParts, settings: TrainSettings, { checkpoint, elements }: JobInput): void {
  const { augment, batchNorm, precision } = settings;
  const wanted: readonly (readonly [keyof TrainParts, boolean, string])[] = [
    ["drawChange", augment !== "none", `augment "${augment}"`],
    ["mixing", mixes(settings), "mixup and cutmix"],
    ["norms", batchNorm === "train", `batchNorm "${batchNorm}"`],
    ["resolveMasks", settings.mask !== "" || elements !== undefined, "masks"],
    ["startBackbone", checkpoint === "none", 'checkpoint "none"'],
    ["storeHalf", precision === "f16", `precision "${precision}"`],
  ];
  for (const [name, isWanted, setting] of wanted) {
    check(
      !isWanted || parts[name] !== undefined,
      "E_USAGE",
      () => `train: expected the part ${name} for ${setting}, found none; give it, or use train, which has all parts`,
    );
  }
}
