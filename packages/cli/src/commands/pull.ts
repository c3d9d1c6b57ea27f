import { formatMegabytes, type Model } from "@tlx/transfer";
import {
  keptOfPull,
  type PullCheck,
  type Pulled,
  type PullOptions,
  pullWeights,
  resolveWeights,
} from "@tlx/transfer/node";
import { Command, Option } from "commander";
import type { Context } from "../context.js";
import { loadModel } from "../load-model.js";
import { mirrorOf } from "../mirror.js";
import { cacheOption, jsonOption } from "../options.js";
import { quoteForShell } from "../printable.js";
import type { Report } from "../report.js";

interface PullCommandOptions {
  readonly from?: string;
  readonly cache?: string;
  readonly force?: boolean;
  readonly json?: boolean;
}

const help = `
The file is kept in the cache as it is published, where every command finds it. It is checked by its SHA-256, or by the first
digits of it that are published, then read and compared with the network, and only then has it its name. What an interrupted
pull left is gone on with. A second pull fetches nothing and checks what is there.

--from, or TLX_MIRROR where it is not given, names
  https://HOST/PATH          a mirror: the card's path below that address
  https://HOST/FILE.pth      a file of weights, as of the Hugging Face Hub: .../resolve/main/model.safetensors
  FOLDER                     the card's path in it, or the last part of that path
  FILE                       that file (--from only)
HF_TOKEN is sent to https://huggingface.co and nowhere else. http is refused, except to 127.0.0.1 and ::1.

Examples:
  $ tlx pull resnet-50
  $ tlx pull resnet-50 --from ~/Downloads/resnet50-0676ba61.pth
  $ tlx pull resnet-50 --from https://huggingface.co/timm/resnet50.tv_in1k/resolve/main/model.safetensors
  $ TLX_MIRROR=https://mirror.example/pytorch tlx pull resnet-50`;

export function pullCommand(context: Context): Command {
  return new Command("pull")
    .description("Fetch the pretrained weights of a network into the cache, and check them.")
    .argument("<model>", "name of the network, as in tlx models, or path of a module that exports one")
    .addOption(
      new Option("--from <source>", "a mirror, an address, a folder or a file instead of the published address"),
    )
    .addOption(new Option("--force", "fetch it anew where it is already"))
    .addOption(cacheOption())
    .addOption(jsonOption("what was found"))
    .addHelpText("after", help)
    .action((name: string, options: PullCommandOptions) => pull(context, name, options));
}

async function pull(context: Context, name: string, options: PullCommandOptions): Promise<void> {
  const { report } = context;
  const model = await loadModel(name);
  const { weights } = model.card;
  report.field("network", model.name);
  report.field("licence", weights.licence);
  if (weights.shipped && options.from === undefined) return tellShipped(report, model, options);
  const from = options.from ?? mirrorOf();
  const pulled = await fetchInto(context, model, { from, cacheDir: options.cache, force: options.force });
  if (options.json) return report.printJson(describeForPrograms(model, pulled));
  describe(report, model, pulled);
  const { path } = await resolveWeights(weights, { cacheDir: options.cache, offline: true });
  const choice = path === pulled.path ? "" : ` --weights ${quoteForShell(pulled.path)}`;
  if (choice !== "") report.warn(`without --weights commands take ${path}, which comes before it`);
  report.say(`next: tlx train DIR --model ${quoteForShell(name)}${choice}`);
}

/** What comes with tlx is there already. Throws E_WEIGHTS where it is damaged. */
async function tellShipped(report: Report, model: Model, { json, cache }: PullCommandOptions): Promise<void> {
  const { path, origin } = await resolveWeights(model.card.weights, { cacheDir: cache });
  if (json) report.printJson({ model: model.name, path, origin });
  else report.print(`${path}: comes with tlx, nothing to fetch`);
}

async function fetchInto({ report, signal }: Context, model: Model, options: PullOptions): Promise<Pulled> {
  const { weights } = model.card;
  const progress = report.progress({ label: weights.file, format: formatMegabytes });
  try {
    return await pullWeights(model, {
      ...options,
      signal,
      hubToken: process.env.HF_TOKEN,
      onProgress: progress.update,
      onOrigin: (from) => {
        const isUntried = weights.untried === true && from === weights.url;
        report.field("source", isUntried ? `${from}\nas published; it was never tried where tlx is made` : from);
      },
    });
  } catch (error) {
    progress.end();
    await tellKept(report, model, options);
    throw error;
  } finally {
    progress.end();
  }
}

async function tellKept(report: Report, model: Model, options: PullOptions): Promise<void> {
  const kept = await keptOfPull(model, options).catch(() => 0);
  if (kept > 0) report.say(`${formatMegabytes(kept)} are kept; the same command goes on from there`);
}

const checks: Readonly<Record<PullCheck, (digits: string, sha256: string) => string>> = {
  card: (digits) => `SHA-256 ${digits} as published`,
  name: (digits) => `SHA-256 ${digits} as the file's name says`,
  host: (_, sha256) => `SHA-256 ${sha256} as the host says; the model card knows none`,
  record: (_, sha256) => `SHA-256 ${sha256} as when it was pulled; the model card knows none of such a file`,
  nothing: (_, sha256) => `unchecked: nobody says what its SHA-256 is. It is ${sha256}`,
};

function describe(report: Report, model: Model, pulled: Pulled): void {
  const { check, sha256, recognition, format, tensors, path, bytes, from, isCached } = pulled;
  if (isCached) report.field("source", `the cache${from === undefined ? "" : `, and that from ${from}`}`);
  const { sha256Prefix } = model.card.weights;
  const digits = check === "card" && sha256Prefix ? `begins with ${sha256Prefix},` : sha256;
  report.field("checked", checks[check](digits, sha256));
  const classes = recognition.classes === 0 ? "no classifier" : `${recognition.classes} classes`;
  report.field(
    "holds",
    `${model.name} in ${format} with ${recognition.naming}'s names, ${tensors} tensors, ${classes}`,
  );
  report.print(`${path} (${formatMegabytes(bytes)})`);
}

/** The same for programs; `tried` is false where the published address never was, where tlx is made. */
const describeForPrograms = ({ name, card }: Model, pulled: Pulled): object => {
  const { recognition, ...file } = pulled;
  const { naming, form, classes, alsoFits } = recognition;
  const address = { url: card.weights.url, tried: card.weights.untried !== true };
  return { model: name, ...file, naming, batchNorm: form, classes, alsoFits, licence: card.weights.licence, address };
};
