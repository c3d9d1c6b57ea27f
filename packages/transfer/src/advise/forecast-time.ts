/**
 * How long a training takes, from what its parts cost: the frozen part once per picture where features are kept, the trained part in
 * every epoch, forward and back, and forward again to measure.
 *
 *   step       3.5 x forward of the trained part, per picture (the ratio of tlx-nano and MobileNetV2: docs/tlx-nano.md)
 *   seconds    programs + features + epochs x (steps + measuring)
 *
 * Forward is counted in multiply-adds and priced by a pass that was timed on this device.
 */
import { countMultiplyAdds } from "../models/count-work.js";
import type { Job } from "../train/job.js";
import { chooseSource } from "../train/phase-feeds.js";
import type { JobInput } from "../train/trainer.js";

/** Of one network on one device. */
export interface Speed {
  /** Milliseconds of a picture through the whole network. */
  readonly forwardMs: number;
  /** To decode a picture. */
  readonly decodeMs: number;
  /** To compile the network for inference. */
  readonly compileMs: number;
}

const STEP_COST = 3.5;
/** Programs of a training, relative to one that predicts: a step with its way back, and two that measure. */
const COMPILE_COST = 3;
/** Of a batch that costs next to nothing: its commands. */
const BATCH_MS = 1.5;

export function forecastSeconds(job: Job<JobInput>, { forwardMs, decodeMs, compileMs }: Speed): number {
  const { settings, plan, input } = job;
  const whole = Math.max(1, countMultiplyAdds(plan.graph) / plan.graph.inputs.get("image")!.spec.shape[0]!);
  const frozen = plan.prefix ? countMultiplyAdds(plan.prefix.graph) / settings.extractBatch / whole : 0;
  const learning = Math.max(0, 1 - frozen);
  const [train, val] = [input.train.length, input.val.length];
  const isLive = chooseSource(plan, settings, train).views === 0;
  const pictureMs = decodeMs + frozen * forwardMs;
  const once = isLive ? (train + val) * decodeMs : (train + val) * pictureMs;
  const checked = isLive ? Math.min(train, val) : train;
  const batches = Math.ceil(train / settings.batch);
  const epoch =
    train * (STEP_COST * learning * forwardMs + (isLive ? pictureMs : 0)) +
    (checked + val) * (learning * forwardMs + (isLive ? pictureMs : 0)) +
    batches * BATCH_MS;
  const { epochs, headEpochs } = settings;
  return (COMPILE_COST * compileMs + once + (epochs + headEpochs) * epoch) / 1000;
}
