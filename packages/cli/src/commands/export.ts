import path from "node:path";
import { type Gpu, TlxError } from "@tlx/kernels";
import { formatMegabytes } from "@tlx/transfer";
import { Command, Option } from "commander";
import type { Context } from "../context.js";
import { checkExport, type ExportCheck, farthest, TOLERANCE } from "../export/check-export.js";
import { type ExportSource, loadSource, type SourceOptions } from "../export/export-source.js";
import type { ExportedNetwork } from "../export/exported-network.js";
import { type FormatName, formats } from "../export/formats.js";
import { goldenPictures } from "../export/golden-pictures.js";
import { importPeer } from "../export/import-peer.js";
import { prepareExport } from "../export/prepare-export.js";
import { readExport } from "../export/read-export.js";
import { probabilitiesOf, runNetwork } from "../export/run-network.js";
import { describeCheck } from "../export/verify-export.js";
import { checkFree, writeExport } from "../export/write-export.js";
import {
  type AdapterOptions,
  addAdapterOption,
  addDownloadOptions,
  jsonOption,
  modelOption,
  weightsOption,
} from "../options.js";
import { printableName, quoteForShell } from "../printable.js";
import { checkWritable } from "../run-target.js";
import { describeAdapter, withGpu } from "../with-gpu.js";

interface ExportOptions extends AdapterOptions, SourceOptions {
  readonly format: FormatName;
  readonly out: string;
  readonly half?: boolean;
  readonly check: boolean;
  readonly json?: boolean;
}

const help = `
Labels and how to prepare a picture are in the file, the batch is open, and the graph gives logits and probabilities.
  safetensors   the weights under torchvision's names, with the rest as metadata
  onnx          image [batch, 3, S, S], for ONNX Runtime and what else reads ONNX (opset 17)
  tfjs          a folder with model.json and shards, image [batch, S, S, 3], for TensorFlow.js
What is written is read back, run on the golden example by tlx and by another program, and kept only if both agree within
1e-4: onnxruntime-web for onnx, @tensorflow/tfjs for tfjs, which you install beside tlx. tlx verify FILE does so again.

Examples:
  $ tlx export runs/train/flowers --format onnx --out flowers.onnx
  $ tlx export runs/train/flowers --format tfjs --out flowers-web --half
  $ tlx export --model mobilenet-v2 --weights mobilenet_v2.safetensors --format onnx --out mobilenet.onnx`;

export function exportCommand(context: Context): Command {
  const command = new Command("export")
    .description("Write a trained or pretrained network for other programs, checked in one of them.")
    .argument("[run]", "folder of a run of tlx train, or its model/; without it --model and --weights")
    .addOption(new Option("--format <name>", "what to write").choices(Object.keys(formats)).makeOptionMandatory())
    .requiredOption("--out <path>", "the new file, or folder of tfjs")
    .addOption(new Option("--half", "store weights as float16: half the size; sums are still float32"))
    .addOption(new Option("--no-check", "write without a check, where the other program is not installed"))
    .addOption(modelOption())
    .addOption(weightsOption())
    .addOption(jsonOption("what was written and found"));
  return addAdapterOption(addDownloadOptions(command))
    .addHelpText("after", help)
    .action((run: string | undefined, options: ExportOptions) => exportNetwork(context, run, options));
}

interface CheckedExport extends ExportCheck {
  readonly adapter: string;
  /** How far rounded weights, and batch norms that were folded, move a probability of the golden example. */
  readonly rounding: number;
}

interface Written {
  readonly bytes: number;
  /** Undefined: not checked. */
  readonly check?: CheckedExport;
}

async function exportNetwork(context: Context, run: string | undefined, options: ExportOptions): Promise<void> {
  const { report, signal } = context;
  const { format, out, half = false } = options;
  await checkFree(out);
  checkWritable(path.dirname(path.resolve(out)));
  const { peer } = formats[format];
  if (options.check && peer) await importPeer(peer);
  const source = await loadSource(context, run, options);
  const exported = prepareExport(source, format, half);
  signal.throwIfAborted();
  const { model, labels } = source;
  report.field(
    "network",
    `${model.name}, ${labels.length} classes${run === undefined ? "" : ` of ${printableName(run)}`}`,
  );
  const written = options.check
    ? await withGpu(options, (gpu) => writeChecked(context, gpu, source, exported, options))
    : await writeExport(out, format, exported, async () => {});
  if (options.json) {
    const { network, head, hidden, batchNorm, numbers } = exported.metadata.tlx;
    const { check = null } = written as Written;
    const { bytes } = written;
    report.printJson({
      output: out,
      format,
      network,
      head,
      hidden,
      batchNorm,
      numbers,
      classes: labels.length,
      bytes,
      check,
    });
    return;
  }
  if (!options.check) report.warn("written without a check; tlx verify makes it");
  report.print(`${printableName(out)} (${formatMegabytes(written.bytes)})`);
  report.say(`again: tlx verify ${quoteForShell(out)}`);
}

/** Writes with a golden example, and keeps it if everything agrees. */
async function writeChecked(
  { report, signal }: Context,
  gpu: Gpu,
  { model, network }: ExportSource,
  exported: ExportedNetwork,
  { format, out, half = false }: ExportOptions,
): Promise<Written> {
  const adapter = describeAdapter(gpu);
  report.field("adapter", adapter);
  const { labels, preprocessing, tlx } = exported.metadata;
  const pictures = goldenPictures(preprocessing.crop);
  const run = async (of: typeof network): Promise<Float64Array> =>
    probabilitiesOf(await runNetwork(gpu, of, pictures), labels.length);
  const [before, after] = [await run(network), await run(exported.network)];
  const rounding = farthest(before, after);
  if (!(half || rounding <= TOLERANCE)) {
    throw new TlxError(
      "E_VERIFY",
      `export: expected folded batch norms to leave probabilities within ${TOLERANCE}, found ${rounding.toExponential(1)}; export as safetensors`,
    );
  }
  const golden = {
    input: "(37 * i mod 251) / 125 - 1, i counting [1, size, size, 3]" as const,
    probabilities: Array.from(after.subarray(0, labels.length), (p) => Number(p.toPrecision(7))),
  };
  const whole = { ...exported, metadata: { ...exported.metadata, tlx: { ...tlx, golden } } };
  const { passed, bytes } = await writeExport(out, format, whole, async (path) => {
    const loaded = await readExport({ format, path }, { model });
    const found = await checkExport(gpu, loaded!);
    signal.throwIfAborted();
    return found;
  });
  report.field("checked", describeCheck(passed));
  if (half)
    report.field("float16", `moves probabilities of the golden example by at most ${rounding.toExponential(1)}`);
  return { bytes, check: { adapter, ...passed, rounding } };
}
