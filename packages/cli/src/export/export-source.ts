/** What tlx export takes: a run with its own classes, or a network with the classifier of its weights. */
import { TlxError } from "@tlx/kernels";
import type { Network } from "@tlx/nn";
import { imagenetLabels, loadPretrained, type Model, models, type PreprocessSpec } from "@tlx/transfer";
import { readRun } from "@tlx/transfer/node";
import type { Context } from "../context.js";
import { loadCheckpoint } from "../load-checkpoint.js";
import { loadModel, loadRunModel } from "../load-model.js";
import type { WeightsOptions } from "../options.js";

export interface ExportSource {
  readonly model: Model;
  /** Input "image" [1, S, S, 3], output "logits". */
  readonly network: Network;
  readonly labels: readonly string[];
  readonly preprocess: PreprocessSpec;
  readonly head: "published" | "trained";
  /** Units of the head's hidden layer. */
  readonly hidden: number;
}

export interface SourceOptions extends WeightsOptions {
  readonly model?: string;
}

async function fromRun(run: string, given: string | undefined): Promise<ExportSource> {
  const own = await loadRunModel(run, given);
  const { description, network } = await readRun(run, { model: own });
  const { architecture, classes, hidden, preprocess } = description;
  const model = own ?? models.find(({ name }) => name === architecture)!;
  return { model, network, labels: classes, preprocess, head: "trained", hidden };
}

async function fromWeights(context: Context, name: string, options: SourceOptions): Promise<ExportSource> {
  const model = await loadModel(name);
  if (!model.classifier) {
    throw new TlxError(
      "E_USAGE",
      `the weights of "${model.name}" come without a classifier; train one with tlx train DIR --model ${name}, and export the run`,
    );
  }
  const { checkpoint } = await loadCheckpoint(context, model, options);
  const network = loadPretrained(model, checkpoint, { batch: 1 });
  return { model, network, labels: imagenetLabels, preprocess: model.preprocess, head: "published", hidden: 0 };
}

/** Throws E_USAGE unless either a run or a network is named. */
export async function loadSource(
  context: Context,
  run: string | undefined,
  options: SourceOptions,
): Promise<ExportSource> {
  if (run !== undefined && options.weights === undefined) return fromRun(run, options.model);
  if (run === undefined && options.model !== undefined) return fromWeights(context, options.model, options);
  throw new TlxError(
    "E_USAGE",
    "export: expected a run of tlx train, or --model NAME with --weights FILE, found neither or both; see tlx export --help",
  );
}
