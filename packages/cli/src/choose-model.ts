/** The network of a training that names none: the larger one where its weights are, else the one that comes with tlx. */
import { existsSync } from "node:fs";
import path from "node:path";
import { findModel, type TrainConfig } from "@tlx/transfer";
import { cachedFiles, cacheFolder } from "@tlx/transfer/node";
import { defaultModel, shippedModel } from "./options.js";
import type { Report } from "./report.js";

/** A configuration whose network is settled. */
export type SettledConfig = TrainConfig & { readonly model: string };

/** Where the cache may have the weights of the larger network. */
const largerFiles = (cache: string | false | undefined): readonly string[] =>
  cachedFiles(findModel(defaultModel).card.weights, cache || undefined);

/** Weights that were given, "none" among them, are those of the larger network; so is a file in the cache, even a damaged one. */
export function settleModel(config: TrainConfig, cache: string | false | undefined): SettledConfig {
  if (config.model !== null) return { ...config, model: config.model };
  const isHere = config.weights !== null || largerFiles(cache).some(existsSync);
  return { ...config, model: isHere ? defaultModel : shippedModel };
}

/** What a training on the network that comes with tlx should say to somebody who did not ask for it. */
export function explainShipped(report: Report, cache: string | false | undefined): void {
  const { card } = findModel(defaultModel);
  const times = Math.round(card.multiplyAdds / findModel(shippedModel).card.multiplyAdds);
  report.field(
    "network",
    `${shippedModel} comes with tlx; it is used because no --model is named and no weights of ${defaultModel} are here`,
  );
  report.field(
    "larger",
    `${defaultModel} is as a rule more accurate, at ${times} times the work; it needs a file of weights:
${card.weights.source}.
tlx pull ${defaultModel} fetches it, or put it at ${path.join(cache || cacheFolder(), "weights", card.weights.file)}, or name it with --weights FILE`,
  );
}
