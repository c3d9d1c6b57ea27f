/** A network on pictures of another size than its card's. */
import { check, TlxError } from "@tlx/kernels";
import type { PreprocessSpec } from "../preprocess.js";
import { countMultiplyAdds } from "./count-work.js";
import { buildFeatureGraph, buildNetworkGraph } from "./instantiate.js";
import type { Model } from "./model.js";

/** The same pictures, smaller or larger: the share that the crop keeps of the resized picture stays. */
function scalePreprocess(spec: PreprocessSpec, size: number): PreprocessSpec {
  return { ...spec, resize: Math.max(size, Math.round((spec.resize * size) / spec.crop)), crop: size };
}

/** Does the network leave at least one pixel of a picture of this size? */
function fits(model: Model, size: number): boolean {
  try {
    buildFeatureGraph(model, { batch: 1, form: "separate", inputSize: size });
    return true;
  } catch (error) {
    if (error instanceof TlxError && error.code === "E_SHAPE") return false;
    throw error;
  }
}

/** The least size a network takes; one that fits is known. */
function leastSize(model: Model, known: number): number {
  let [tooSmall, enough] = [0, known];
  while (enough - tooSmall > 1) {
    const middle = Math.floor((tooSmall + enough) / 2);
    if (fits(model, middle)) enough = middle;
    else tooSmall = middle;
  }
  return enough;
}

/**
 * `model` on pictures of `size` x `size`: its card and preprocessing say so. 0 is the size it has.
 * Throws E_USAGE for a size that the network shrinks to nothing, with the least one.
 */
export function withInputSize(model: Model, size: number): Model {
  const { inputSize } = model.card;
  if (size === 0 || size === inputSize) return model;
  check(
    Number.isSafeInteger(size) && size > 0,
    "E_USAGE",
    () => `inputSize: expected a whole number of pixels, or 0 for the network's own, found ${size}`,
  );
  check(fits(model, size), "E_USAGE", () => {
    const least = leastSize(model, inputSize);
    return `inputSize: expected at least ${least}, below which ${model.name} shrinks a picture to less than a pixel, found ${size}`;
  });
  const multiplyAdds = countMultiplyAdds(buildNetworkGraph(model, { batch: 1, form: "separate", inputSize: size }));
  return {
    ...model,
    card: { ...model.card, inputSize: size, multiplyAdds },
    preprocess: scalePreprocess(model.preprocess, size),
  };
}
