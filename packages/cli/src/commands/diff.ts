import { TlxError } from "@tlx/kernels";
import { Command, InvalidArgumentError, Option } from "commander";
import type { Context } from "../context.js";
import { compareSides } from "../diff/compare-sides.js";
import { printComparison } from "../diff/print-comparison.js";
import { loadSide } from "../diff/side.js";
import { Exit, Finding } from "../exit.js";
import { type AdapterOptions, addAdapterOption, cacheOption, jsonOption } from "../options.js";

interface DiffOptions extends AdapterOptions {
  readonly model?: string;
  readonly against?: string;
  readonly tolerance: number;
  readonly picture?: string;
  readonly tensorsOnly?: boolean;
  readonly all?: boolean;
  readonly cache?: string;
  readonly json?: boolean;
}

const help = `
A and B are each a weights file (all that tlx import reads, whatever its names), a run of tlx train, an export, or the name of a
network whose weights are in the cache. Tensors are compared first, then what every module gives for the golden example's input
or a picture. An export is computed by its own program too (onnxruntime-web, TensorFlow.js), where that is installed.
Two numbers of a tensor are alike where they differ by at most --tolerance times the largest number of B's.

With --against B is computed elsewhere, and B may be left out: A is then compared with itself. A runs as predictions do.
  plain       every module by itself, with the kernel of each op that fits always
  reference   double-precision loops on the CPU: seconds for tlx-nano, many minutes for ResNet-50
  NAME        another adapter, as --adapter takes it

The exit status is 0 where both are alike, 1 where they differ.

Examples:
  $ tlx diff mine.safetensors resnet18-f37072fd.pth
  $ tlx diff runs/train/flowers runs/train/flowers-2 --tensors-only
  $ tlx diff runs/train/flowers flowers.onnx
  $ tlx diff mobilenet-v2 --against plain --picture photo.jpg`;

function atLeastZero(text: string): number {
  const value = Number(text);
  if (text.trim() !== "" && Number.isFinite(value) && value >= 0) return value;
  throw new InvalidArgumentError("Expected a number of at least 0.");
}

export function diffCommand(context: Context): Command {
  const command = new Command("diff")
    .description("Compare one network in two files or on two runtimes, layer by layer, and name the first difference.")
    .argument("<a>", "weights file, run, export, or name of a network")
    .argument("[b]", "the other one (default: A again, with --against)")
    .addOption(new Option("--against <runtime>", "where to compute B: plain, reference, or another adapter"))
    .addOption(new Option("--model <name>", "take both for this network, or the module of your own"))
    .addOption(
      new Option("--tolerance <n>", "differences up to this share of the largest number are none")
        .argParser(atLeastZero)
        .default(1e-4),
    )
    .addOption(new Option("--picture <file>", "compute with this picture (default: the input of golden examples)"))
    .addOption(
      new Option("--tensors-only", "compute nothing, so that no GPU is needed").conflicts(["against", "picture"]),
    )
    .addOption(new Option("--all", "print also what is the same"))
    .addOption(cacheOption())
    .addOption(jsonOption("everything"));
  return addAdapterOption(command)
    .addHelpText("after", help)
    .action((a: string, b: string | undefined, options: DiffOptions) => diff(context, a, b, options));
}

async function diff(
  { report }: Context,
  first: string,
  second: string | undefined,
  options: DiffOptions,
): Promise<void> {
  const { model, cache, all = false, json } = options;
  if (second === undefined && options.against === undefined) {
    throw new TlxError(
      "E_USAGE",
      "diff: expected a second file or run to compare with, or --against RUNTIME, found neither",
    );
  }
  const a = await loadSide(first, { model, cache });
  const b = second === undefined ? a : await loadSide(second, { model, cache, like: a.model });
  const found = await compareSides(a, b, options);
  if (json) report.printJson(found);
  else printComparison(report, found, all);
  if (!found.layers && !options.tensorsOnly) {
    report.warn("only tensors were compared: with these the network cannot be computed on both sides");
  }
  if (!found.equal) throw new Finding("A and B differ", Exit.failed);
}
