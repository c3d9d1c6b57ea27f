import { existsSync } from "node:fs";
import { TlxError } from "@tlx/kernels";
import { formatTable } from "@tlx/nn";
import { type Model, models, type ResolvedWeights } from "@tlx/transfer";
import { cachedFiles, resolveWeights } from "@tlx/transfer/node";
import { Command } from "commander";
import type { Context } from "../context.js";
import { cacheOption, jsonOption } from "../options.js";

interface ModelsOptions {
  readonly cache?: string;
  readonly json?: boolean;
}

const explanation = `
Weights that are "missing" are fetched by tlx pull MODEL where the table says so, named by --weights FILE, or put in the folder
"weights" of the cache under the name in the table. tlx inspect MODEL shows the layers.`;

export function modelsCommand(context: Context): Command {
  return new Command("models")
    .description("List the pretrained networks, and whether their weights are here.")
    .addOption(cacheOption())
    .addOption(jsonOption("the list"))
    .addHelpText("after", explanation)
    .action((options: ModelsOptions) => listModels(context, options));
}

interface Unusable {
  readonly lack: "missing" | "damaged";
  readonly reason: string;
}

/** Where the weights are, or why they cannot be used: missing, or damaged and how. */
async function findWeights(model: Model, cache: string | undefined): Promise<ResolvedWeights | Unusable> {
  try {
    return await resolveWeights(model.card.weights, { cacheDir: cache, offline: true, model: model.name });
  } catch (error) {
    if (error instanceof TlxError && error.code === "E_WEIGHTS") {
      const isThere = cachedFiles(model.card.weights, cache).some(existsSync) || model.card.weights.shipped;
      return { lack: isThere ? "damaged" : "missing", reason: error.message };
    }
    throw error;
  }
}

const places: Readonly<Record<ResolvedWeights["origin"], string>> = {
  ...{ file: "given", shipped: "comes with tlx", cache: "in the cache", download: "fetched" },
};

/** What to do about weights that are not here. */
const adviseOn = ({ weights }: Model["card"], lack: string): string =>
  weights.url === undefined ? lack : `${lack}: tlx pull${weights.untried ? " *" : ""}`;

const count = (value: number): string => (value === 0 ? "" : value.toLocaleString("en-US"));

async function listModels({ report }: Context, { cache, json }: ModelsOptions): Promise<void> {
  const found = await Promise.all(models.map(async (model) => ({ model, weights: await findWeights(model, cache) })));
  if (json) {
    report.printJson({
      models: found.map(({ model: { name, card }, weights }) => ({ name, ...card, found: weights })),
    });
    return;
  }
  const rows = found.map(({ model: { name, card }, weights }) => [
    name,
    count(card.parameters),
    count(card.multiplyAdds),
    `${card.inputSize} x ${card.inputSize}`,
    card.classes === 0 ? "none" : card.classes,
    card.weights.file,
    "path" in weights ? `${places[weights.origin]}: ${weights.path}` : adviseOn(card, weights.lack),
    card.weights.licence,
  ]);
  const header = ["name", "parameters", "multiply-adds", "input", "classes", "weights file", "weights", "licence"];
  report.print(formatTable(header, rows));
  report.say("* The address is as published: it was never tried where tlx is made.");
}
