/** `tlx train --strategy auto`: the network and what of it learns, as `tlx advise` would have it. */
import { TlxError } from "@tlx/kernels";
import { NO_WEIGHTS, type TrainConfig } from "@tlx/transfer";
import { Option } from "commander";
import type { Context } from "../context.js";
import type { AdapterOptions } from "../options.js";
import { flagOf } from "../train-config.js";
import type { CacheOptions } from "../train-job.js";
import { withGpu } from "../with-gpu.js";
import { findCandidates } from "./find-candidates.js";
import { giveAdvice } from "./give-advice.js";
import { faultsOf } from "./print-advice.js";

export const strategyOption = (): Option =>
  new Option("--strategy <word>", "auto: measure first and train what tlx advise would, which takes a while").choices([
    "auto",
  ]);

/** What was chosen, and what the run keeps of it. */
export interface SettledStrategy {
  readonly config: Partial<TrainConfig>;
  readonly record: Readonly<Record<string, unknown>>;
}

/** Entries that the advice chooses itself. */
const owned = ["unfreeze", "train", "freeze", "mask", "elementMasks", "rates", "headEpochs", "unfreezeEvery"] as const;

/** `given` was typed, `config` is what that and a file come to. Throws E_USAGE for choices that leave nothing to choose. */
export async function settleStrategy(
  context: Context,
  given: Partial<TrainConfig>,
  config: TrainConfig,
  options: CacheOptions & AdapterOptions,
): Promise<SettledStrategy> {
  const typed = owned.find((name) => given[name] !== undefined);
  if (typed !== undefined) {
    throw new TlxError(
      "E_USAGE",
      `--strategy auto chooses what learns, found --${flagOf(typed)} too; leave one of them out`,
    );
  }
  if (config.weights === NO_WEIGHTS) {
    throw new TlxError(
      "E_USAGE",
      "--strategy auto weighs pretrained networks, found --weights none; leave one of them out",
    );
  }
  if (config.data === null) throw new TlxError("E_USAGE", "missing required argument 'dir': the folder of pictures");
  const { data, model, weights, ...rest } = config;
  const { report } = context;
  const named = weights === null ? undefined : [model === null ? weights : `${model}=${weights}`];
  const candidates = await findCandidates(context, {
    ...options,
    ...(model !== null && { models: model }),
    weights: named,
  });
  const {
    advice,
    chosen,
    scan,
    data: found,
  } = await withGpu(options, (gpu) => giveAdvice(context, { gpu, dir: data, given: rest, candidates, options }));
  for (const fault of faultsOf(scan, advice, data, found.classes)) report.warn(fault);
  report.field("strategy", advice.reasons.join("\n"));
  const { accuracy, low, high, seconds, strategy } = advice.chosen;
  const expected = { accuracy, low, high, seconds };
  return {
    config: chosen,
    record: {
      strategy: { chosen: "auto", model: advice.chosen.model, learns: strategy, expected, reasons: advice.reasons },
    },
  };
}
