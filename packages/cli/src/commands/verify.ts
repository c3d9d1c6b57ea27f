import { TlxError } from "@tlx/kernels";
import { formatTable } from "@tlx/nn";
import type { FreezeCertificate, TensorVerdict } from "@tlx/transfer";
import { type FilesVerification, verifyFiles } from "@tlx/transfer/node";
import { Command, Option } from "commander";
import type { Context } from "../context.js";
import { findExport } from "../export/read-export.js";
import { verifyExport } from "../export/verify-export.js";
import { loadRunModel } from "../load-model.js";
import { type AdapterOptions, addAdapterOption, jsonOption, runModelOption } from "../options.js";
import { printableName } from "../printable.js";
import type { Report } from "../report.js";
import { verifyRun } from "../verify-run.js";
import { describeAdapter, withGpu } from "../with-gpu.js";

interface VerifyOptions extends AdapterOptions {
  readonly weights?: string;
  readonly golden?: boolean;
  readonly model?: string;
  readonly json?: boolean;
}

const help = `
Every tensor of model.safetensors is compared with freeze-certificate.json, and those that were pretrained with their file,
where it still is. Frozen tensors are the same bytes in both. Any difference ends with status 6.
What tlx export wrote is checked as it was then: in another program, on the golden example, which must agree with tlx.

Examples:
  $ tlx verify runs/train/flowers
  $ tlx verify runs/train/flowers --weights mobilenet_v2.safetensors --golden
  $ tlx verify flowers.onnx`;

export function verifyCommand(context: Context): Command {
  const command = new Command("verify")
    .description(
      "Check the files of a run: that nothing frozen was changed, and nothing at all since training; or an export.",
    )
    .argument("<run>", "folder of a run of tlx train, or what tlx export wrote")
    .addOption(new Option("--weights <file>", "its pretrained weights (default: the file that the run began with)"))
    .addOption(new Option("--golden", "run the golden example on the GPU too"))
    .addOption(runModelOption())
    .addOption(jsonOption("what was found"));
  return addAdapterOption(command)
    .addHelpText("after", help)
    .action((run: string, options: VerifyOptions) => verify(context, run, options));
}

async function verify(context: Context, run: string, options: VerifyOptions): Promise<void> {
  const { report } = context;
  const exported = await findExport(run);
  if (exported) {
    if (options.weights === undefined) return verifyExport(context, exported, options);
    throw new TlxError(
      "E_USAGE",
      `verify: expected --weights with a run only, found the export "${run}", which knows the checksum of its weights; leave it out`,
    );
  }
  const found = await verifyFiles(run, { weights: options.weights });
  const { tensors, problems, certificate, weights } = found;
  const isBlank = !certificate.tensors.some((tensor) => tensor.loaded);
  const missing = isBlank
    ? "none: the run began from nothing"
    : "the pretrained file is not there; --weights FILE names it";
  report.field("weights", weights ?? missing);
  const isGolden = options.golden === true && problems.length === 0;
  if (isGolden) {
    const model = await loadRunModel(run, options.model);
    await withGpu(options, async (gpu) => {
      report.field("adapter", describeAdapter(gpu));
      await verifyRun(report, gpu, run, { always: true, model });
    });
  }
  if (options.json) {
    const { step } = certificate;
    report.printJson({ run, ok: problems.length === 0, weights: weights ?? null, problems, tensors, step });
  } else {
    printVerification(report, found);
  }
  failOn(run, found);
}

function printVerification(report: Report, { tensors, problems, certificate }: FilesVerification): void {
  const rows = mergeAlike(tensors).map(({ first, last, count, elements }) => [
    printableName(count === 1 ? last.name : `${first.name} to ${last.name}`),
    count,
    last.role,
    elements.toLocaleString("en-US"),
    describeVerdict(last),
  ]);
  report.print(formatTable(["tensor", "count", "training", "numbers", "found"], rows));
  if (problems.length > 0) return;
  const frozen = tensors.filter((t) => t.role === "frozen");
  const compared = frozen.filter((t) => t.source).length;
  const masked = tensors.filter((t) => t.role === "masked").length;
  const inPart = masked > 0 ? ` and ${masked} in part` : "";
  const summary =
    frozen.length + masked === 0
      ? "frozen: nothing, every tensor was trained"
      : `frozen: ${frozen.length} of ${tensors.length} tensors${inPart}, none changed; ${compared} also as pretrained`;
  report.print(summary);
  for (const line of describeStep(certificate.step)) report.print(line);
}

interface AlikeTensors {
  readonly first: TensorVerdict;
  readonly last: TensorVerdict;
  readonly count: number;
  readonly elements: number;
}

const { compare: compareNames } = new Intl.Collator("en", { numeric: true });

/** Neighbours of which the same is to be said share a line. */
function mergeAlike(tensors: readonly TensorVerdict[]): AlikeTensors[] {
  const merged: AlikeTensors[] = [];
  for (const tensor of tensors.toSorted((a, b) => compareNames(a.name, b.name))) {
    const { elements } = tensor;
    const before = merged.at(-1);
    if (before?.last.role === tensor.role && describeVerdict(before.last) === describeVerdict(tensor)) {
      merged[merged.length - 1] = {
        ...{ first: before.first, last: tensor },
        ...{ count: before.count + 1, elements: before.elements + elements },
      };
    } else {
      merged.push({ first: tensor, last: tensor, count: 1, elements });
    }
  }
  return merged;
}

function describeVerdict({ problems, source, role }: TensorVerdict): string {
  if (problems.length > 0) return problems.join("; ");
  if (!source) return "as certified";
  if (role === "masked") return "as certified, frozen elements as pretrained";
  return role === "trained" ? "as certified, began as pretrained" : "as certified and pretrained";
}

function describeStep({ backwardDispatches, bytes, optimizerBytes, gpuMs }: FreezeCertificate["step"]): string[] {
  const megabytes = (n: number): string => `${(n / 1e6).toFixed(n < 1e5 ? 4 : 1)} MB`;
  const compare = (what: string, { planned, everything }: typeof bytes, show: (n: number) => string): string =>
    `${what}: ${show(planned)}; training every layer takes ${show(everything)}`;
  return [
    compare("backward dispatches a step", backwardDispatches, String),
    compare("memory", bytes, megabytes),
    compare("of it the optimizer's", optimizerBytes, megabytes),
    ...(gpuMs ? [compare("GPU time a step", gpuMs, (n) => `${n.toFixed(2)} ms`)] : []),
  ];
}

/** Names that an error lists before it only counts. */
const mostNamed = 5;

function failOn(run: string, { tensors, problems }: FilesVerification): void {
  if (problems.length === 0) return;
  const names = tensors.filter((t) => t.problems.length > 0).map((t) => t.name);
  const shown = problems.slice(0, mostNamed).map((problem) => `\n  ${problem}`);
  const more = problems.length > mostNamed ? `\n  and ${problems.length - mostNamed} more` : "";
  throw new TlxError(
    "E_VERIFY",
    `verify: the files of "${run}" are not what training wrote; restore them or train again${shown.join("")}${more}`,
    { tensors: names },
  );
}
