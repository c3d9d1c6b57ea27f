import { type Gpu, TlxError } from "@tlx/kernels";
import type { Graph, Network } from "@tlx/nn";
import {
  imagenetLabels,
  loadPretrained,
  type Model,
  Predictor,
  type PredictorOptions,
  type PreprocessSpec,
  predictionGraph,
  type TopEntry,
} from "@tlx/transfer";
import { decodeAll, readRun } from "@tlx/transfer/node";
import { Command, Option } from "commander";
import type { Context } from "../context.js";
import { openExport } from "../export/read-export.js";
import { loadCheckpoint } from "../load-checkpoint.js";
import { loadModel, loadRunModel } from "../load-model.js";
import {
  type AdapterOptions,
  addAdapterOption,
  addDownloadOptions,
  defaultModel,
  jsonOption,
  modelOption,
  shippedModel,
  type WeightsOptions,
  weightsOption,
  wholeNumber,
} from "../options.js";
import { printableName } from "../printable.js";
import { chooseKernels, type TuneChoice, tuneOption } from "../tuned-kernels.js";
import { verifyOption, verifyRun } from "../verify-run.js";
import { describeAdapter, withGpu } from "../with-gpu.js";

interface PredictOptions extends AdapterOptions, WeightsOptions, Pick<TuneChoice, "tune"> {
  readonly model?: string;
  readonly run?: string;
  readonly verify?: boolean;
  readonly precision: "f32" | "f16";
  readonly top: number;
  readonly json?: boolean;
}

/** What became of one picture. */
export type Prediction =
  | { readonly file: string; readonly top: readonly TopEntry[] }
  | { readonly file: string; readonly error: string };

const examples = `
Examples:
  $ tlx predict photo.jpg --weights mobilenet_v2.safetensors
  $ tlx predict *.jpg --run runs/train/flowers --top 1
  $ tlx predict photo.jpg --weights flowers.onnx           what tlx export wrote, with its own classes
  $ tlx predict photo.jpg --json | jq '.predictions[0].top[0].label'

A picture that cannot be read is reported, the others are predicted all the same, and the exit status is 3.`;

export function predictCommand(context: Context): Command {
  const command = new Command("predict")
    .description("Say what pictures show: the thousand classes of ImageNet, or those of a run of tlx train.")
    .argument("<file...>", "pictures: JPEG, PNG or WebP")
    .addOption(modelOption())
    .addOption(weightsOption())
    .addOption(new Option("--run <dir>", "folder of a run of tlx train, instead of --weights").conflicts("weights"))
    .addOption(tuneOption())
    .addOption(
      new Option(
        "--precision <p>",
        "f16: matrix products and convolutions round what they multiply to half precision; sums are always f32",
      )
        .choices(["f32", "f16"])
        .default("f32"),
    )
    .addOption(verifyOption())
    .addOption(
      new Option("--top <k>", "how many classes to show for each picture").argParser(wholeNumber(1)).default(5),
    )
    .addOption(jsonOption('{"predictions": [{"file", "top": [{"index", "label", "probability"}]}]}'));
  return addAdapterOption(addDownloadOptions(command))
    .addHelpText("after", examples)
    .action((files: string[], options: PredictOptions) => predict(context, files, options));
}

interface Source {
  readonly name: string;
  readonly network: Network;
  readonly preprocess: PreprocessSpec;
  readonly labels: readonly string[];
  /** The network of a run that is none of tlx's. */
  readonly own?: Model;
}

async function loadSource(context: Context, options: PredictOptions, batch: number): Promise<Source> {
  if (options.run !== undefined) {
    const own = await loadRunModel(options.run, options.model);
    const { description, network } = await readRun(options.run, { batch, model: own });
    const { architecture, classes, preprocess } = description;
    return {
      name: `${architecture}, ${classes.length} classes of ${options.run}`,
      network,
      preprocess,
      labels: classes,
      own,
    };
  }
  const given = options.model === undefined ? undefined : await loadModel(options.model);
  const exported =
    options.weights === undefined ? undefined : await openExport(options.weights, { batch, model: given });
  if (exported) {
    const { network, description } = exported;
    const { architecture, classes, preprocess } = description;
    return {
      name: `${architecture}, ${classes.length} classes of ${options.weights}`,
      network,
      preprocess,
      labels: classes,
    };
  }
  const model = given ?? (await loadModel(defaultModel));
  if (!model.classifier) {
    throw new TlxError(
      "E_USAGE",
      `the weights of "${model.name}" come without a classifier; train one with tlx train DIR --model ${options.model}, or predict with --model ${defaultModel}`,
    );
  }
  const loaded = loadCheckpoint(context, model, options);
  const { checkpoint } = await ((options.model ?? options.weights) ? loaded : loaded.catch(adviseRun));
  const network = loadPretrained(model, checkpoint, { batch });
  return { name: model.name, network, preprocess: model.preprocess, labels: imagenetLabels };
}

/** Who has no weights of a network with classes can still have classes of their own. */
function adviseRun(error: unknown): never {
  if (!(error instanceof TlxError) || error.code !== "E_WEIGHTS") throw error;
  const message = `${error.message}. Without them: tlx train DIR learns classes of your own on ${shippedModel}, which comes with tlx, and tlx predict --run RUN names them`;
  throw new TlxError(error.code, message, error.details, error);
}

/** Pictures per pass over the network. */
const maxBatch = 8;

async function predict(context: Context, files: readonly string[], options: PredictOptions): Promise<void> {
  const { report } = context;
  if (options.verify && options.run === undefined) {
    throw new TlxError("E_USAGE", "--verify: only a run of tlx train has a golden example; give --run DIR");
  }
  const batch = Math.min(maxBatch, files.length);
  const precision = options.precision === "f16" ? "half" : undefined;
  const source = await loadSource(context, options, batch);
  const predictions = await withGpu(options, async (gpu) => {
    report.field("adapter", describeAdapter(gpu));
    report.field("model", source.name);
    if (options.run !== undefined) {
      await verifyRun(report, gpu, options.run, { always: options.verify, model: source.own });
    }
    const graphs = (): Graph[] => [predictionGraph(source.network, batch)];
    const choices = await chooseKernels(context, gpu, graphs, { ...options, precision });
    return predictAll(context, gpu, source, files, { ...options, batch, choices, precision });
  });
  if (options.json) report.printJson({ predictions });
  const failed = predictions.filter((p) => "error" in p).length;
  if (failed > 0) throw new TlxError("E_DATA", `${failed} of ${files.length} pictures could not be read; see above`);
}

type PredictionOptions = Pick<PredictOptions, "top" | "json"> &
  Required<Pick<PredictorOptions, "batch" | "choices">> &
  Pick<PredictorOptions, "precision">;

async function predictAll(
  { report, signal }: Context,
  gpu: Gpu,
  { network, preprocess, labels }: Source,
  files: readonly string[],
  { batch, top, json, choices, precision }: PredictionOptions,
): Promise<Prediction[]> {
  const items = files.map((file) => ({ file }));
  const pictures = decodeAll(items, { signal });
  // Asked for at once: it is decoded while the network compiles.
  const first = pictures.next();
  first.catch(() => {}); // thrown where it is waited for
  let predictor: Predictor | undefined;
  const predictions: Prediction[] = [];
  try {
    predictor = await Predictor.create(gpu, network, { preprocess, labels, batch, choices, precision });
    for await (const result of predictor.run(chain(first, pictures))) {
      signal.throwIfAborted();
      const { file } = result.item;
      if ("error" in result) {
        report.warn(result.error.message);
        predictions.push({ file, error: result.error.message });
        continue;
      }
      const prediction = { file, top: predictor.top(result.row, top) };
      predictions.push(prediction);
      if (!json) report.print(formatPrediction(prediction));
    }
  } finally {
    predictor?.dispose();
    await pictures.return();
  }
  return predictions;
}

async function* chain<T>(
  first: Promise<IteratorResult<T, void>>,
  rest: AsyncGenerator<T, void, void>,
): AsyncGenerator<T> {
  const { value, done } = await first;
  if (done) return;
  yield value;
  yield* rest;
}

/** The file, then a line per class: "  93.1 %  daisy". */
export function formatPrediction({ file, top }: { file: string; top: readonly TopEntry[] }): string {
  const lines = top.map((t) => `${(100 * t.probability).toFixed(1).padStart(7)} %  ${printableName(t.label)}`);
  return [printableName(file), ...lines].join("\n");
}
