/** Training with every part, for whoever need not count bytes. */
import { gradientRules } from "@tlx/kernels/grad";
import { fuseTraining, storeHalf, toTraining } from "@tlx/nn";
import { drawChange } from "../augment/change-picture.js";
import { resolveMasks } from "../freeze/masks.js";
import { startBackbone } from "../models/initial-weights.js";
import { certify } from "./certify.js";
import type { TrainEvent } from "./events.js";
import { type Job, prepareJobWith } from "./job.js";
import { mixerOf } from "./mixer.js";
import { drawMixing } from "./mixing.js";
import type { TrainParts } from "./parts.js";
import { type JobInput, type TrainInput, type TrainResult, trainWith } from "./trainer.js";

export const allParts: TrainParts = {
  ...{ rules: gradientRules, drawChange, resolveMasks, startBackbone, storeHalf },
  mixing: { drawMixing, mixerOf },
  norms: { toTraining, fuseTraining },
};

/** `trainWith` all parts, for every network and every setting; then the certificate. */
export async function* train(input: TrainInput): AsyncGenerator<TrainEvent, TrainResult> {
  const trained = yield* trainWith(allParts, input);
  const { job: _job, gpuMs: _gpuMs, ...result } = trained;
  return { ...result, certificate: await certify(trained) };
}

/** `prepareJobWith` all parts. */
export const prepareJob = <I extends JobInput>(input: I): Job<I> => prepareJobWith(allParts, input);
