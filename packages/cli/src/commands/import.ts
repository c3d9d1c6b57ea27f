import { access } from "node:fs/promises";
import { TlxError } from "@tlx/kernels";
import {
  formatMegabytes,
  listMisfits,
  models,
  NETWORK,
  parseSafetensors,
  type Recognition,
  recogniseWeights,
  writeSafetensors,
} from "@tlx/transfer";
import { hashFile, readCheckpointFile, replaceFile } from "@tlx/transfer/node";
import { Command, Option } from "commander";
import type { Context } from "../context.js";
import { type ReadWeights, readExportWeights } from "../export/read-export.js";
import { loadModel } from "../load-model.js";
import { jsonOption } from "../options.js";
import { printableName, quoteForShell } from "../printable.js";
import type { Report } from "../report.js";

interface ImportOptions {
  readonly model?: string;
  readonly output?: string;
  readonly json?: boolean;
}

const help = `
FILE is one of
  *.pth, *.pt      what torch.save wrote of a state_dict or of a checkpoint that holds one. It is read without being executed:
                   only tensors, dictionaries, lists, text and numbers are built, everything else is refused by name
  *.npz            what numpy.savez wrote
  model.json       of a TensorFlow.js layers model, with its shards beside it
  *.safetensors    with the names of another library
  *.onnx, a folder what tlx export wrote; of other ONNX files those whose weights keep the names of their layers
Network and names (torchvision's, timm's, Keras's) are recognised; what comes out has torchvision's names and is checked
against the network. Commands that take --weights FILE read all of these too. docs/weights.md tells more.

Examples:
  $ tlx import resnet18-f37072fd.pth
  $ tlx import mobilenetv2_100.safetensors --output mobilenet.safetensors
  $ tlx import web-model/model.json`;

export function importCommand(context: Context): Command {
  const names = models.map((m) => m.name).join(", ");
  return new Command("import")
    .description("Turn weights of PyTorch, NumPy or TensorFlow.js into a safetensors file that tlx knows.")
    .argument("<file>", "the weights")
    .addOption(new Option("--model <name>", `take them for this network: ${names}, or the path of a module`))
    .addOption(new Option("--output <file>", "where to write (default: the name in tlx models, in this folder)"))
    .addOption(jsonOption("what was found"))
    .addHelpText("after", help)
    .action((file: string, options: ImportOptions) => importWeights(context, file, options));
}

interface Imported {
  readonly file: string;
  readonly format: ReadWeights["format"];
  readonly model: string;
  readonly naming: Recognition["naming"];
  readonly batchNorm: Recognition["form"];
  /** 0: without a classifier. */
  readonly classes: number;
  readonly tensors: number;
  readonly leftOut: readonly string[];
  readonly alsoFits: readonly string[];
  readonly output: string;
  readonly bytes: number;
  readonly sha256: string;
}

async function importWeights({ report }: Context, file: string, options: ImportOptions): Promise<void> {
  const candidates = options.model === undefined ? models : [await loadModel(options.model)];
  const { format, checkpoint } = (await readExportWeights(file)) ?? (await readCheckpointFile(file));
  const found = recogniseWeights(checkpoint, candidates);
  checkWhole(file, found);
  const output = options.output ?? found.model.card.weights.file;
  await checkAbsent(output);
  const bytes = writeSafetensors(found.checkpoint.tensors, new Map([[NETWORK, found.model.name]]));
  checkWhole(output, recogniseWeights(parseSafetensors(bytes), [found.model]));
  await replaceFile(output, bytes);
  const { model, naming, form, classes, leftOut, alsoFits } = found;
  const imported: Imported = {
    ...{ file, format, model: model.name, naming, batchNorm: form, classes },
    ...{ tensors: found.checkpoint.tensors.size, leftOut, alsoFits },
    ...{ output, bytes: bytes.length, sha256: await hashFile(output) },
  };
  if (options.json) report.printJson(imported);
  else describe(report, imported, options.model);
}

async function checkAbsent(output: string): Promise<void> {
  const isThere = await access(output).then(
    () => true,
    () => false,
  );
  if (!isThere) return;
  throw new TlxError("E_USAGE", `import: expected a new file, found "${output}"; name another with --output FILE`);
}

/** Throws E_WEIGHTS with what is missing, misfits or is too much. */
function checkWhole(file: string, found: Recognition): void {
  const lists = listMisfits(found);
  if (lists === "") return;
  const { model, naming, missing, misfits, extra } = found;
  throw new TlxError(
    "E_WEIGHTS",
    `weights ${file}: expected all of a network, found what looks most like ${model.name} with ${naming}'s names, but not whole; nothing was written${lists}`,
    { missing, misfits, extra },
  );
}

function describe(report: Report, found: Imported, given: string | undefined): void {
  const { model, naming, leftOut, alsoFits, output } = found;
  report.field("file", `${printableName(found.file)}, ${found.format}`);
  report.field("network", model);
  if (alsoFits.length > 0 && given === undefined) {
    report.field("or", `${alsoFits.join(", ")}, which has the same tensors: --model says which it is`);
  }
  report.field("names", naming === "torchvision" ? "torchvision's" : `${naming}'s, now torchvision's`);
  report.field("classes", found.classes === 0 ? "none: without classifier" : String(found.classes));
  if (leftOut.length > 0) report.field("left out", `${leftOut.length} tensors: counters and what is only trained with`);
  report.field("SHA-256", found.sha256);
  report.print(`${found.tensors} tensors (${formatMegabytes(found.bytes)}) in ${printableName(output)}`);
  report.say(`next: tlx train DIR --model ${quoteForShell(given ?? model)} --weights ${quoteForShell(output)}`);
}
