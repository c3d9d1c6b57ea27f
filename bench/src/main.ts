import { type Gpu, TlxError } from "@tlx/kernels";
import { openGpu } from "@tlx/kernels/node";
import { benchAccuracy } from "./accuracy.js";
import { benchBackbone } from "./backbone.js";
import { compareFiles } from "./compare-files.js";
import { benchFineTune } from "./finetune.js";
import { type BenchCommand, type BenchName, parseCommand } from "./parse-command.js";
import { writeReadme } from "./readme-table.js";
import { serveResults } from "./serve-results.js";
import { benchStrategies } from "./strategies.js";

const usage = `usage: npm run bench -- <bench> [options]

  accuracy           default settings on four sets of pictures beside logistic regression
  backbone           a linear head on tlx-nano, on MobileNetV2 and on tlx-nano without training, over seeds
  finetune           last 3 blocks trained against the head alone, over seeds
  strategies         head, last:3, all and scratch on four sets of pictures over seeds

  --data DIR         pictures of finetune (default: flowers5 and xray3 of TLX_SHARED)
  --seeds N          2 or more, of finetune (default 3), backbone and strategies (default 5)
  --epochs N         of finetune (default: what suits head, last:3 and a network without weights)
  --scratch          finetune trains a network without weights too, at 96 px, with one seed
  --nano FILE        weights of tlx-nano, of backbone (default: those that come with tlx)
  --weights FILE     MobileNetV2 weights (default: those of TLX_SHARED)
  --adapter NAME     part of an adapter's name, its number, or "software"

An option that a bench does not use is refused.

       npx tlx bench                     times: kernels, networks, training steps, jobs
       npm run bench:compare -- A B      two result files of tlx bench
       npm run bench:page                a page that shows and compares result files, and measures
       npm run bench:readme -- FILE      the README's table from a result file`;

const withoutGpu = {
  compare: ({ files }) => console.log(compareFiles(files)),
  page: () => serveResults(),
  readme: ({ files }) => console.log(writeReadme(files)),
} satisfies Partial<Record<BenchName, (command: BenchCommand) => void | Promise<void>>>;

const benches: Readonly<
  Record<Exclude<BenchName, keyof typeof withoutGpu>, (gpu: Gpu, c: BenchCommand) => Promise<void>>
> = {
  accuracy: (gpu, { weights }) => benchAccuracy(gpu, weights),
  backbone: (gpu, { weights, nano, seeds = 5 }) => benchBackbone(gpu, weights, nano, seeds),
  finetune: (gpu, { weights, data, seeds = 3, epochs, scratch }) =>
    benchFineTune(gpu, { weights, data, seeds, epochs, scratch }),
  strategies: (gpu, { weights, seeds = 5 }) => benchStrategies(gpu, weights, seeds),
};

async function run(argv: readonly string[]): Promise<void> {
  const command = parseCommand(argv);
  const { bench, adapter } = command;
  if (bench === undefined) return console.error(usage);
  if (bench === "compare" || bench === "page" || bench === "readme") return withoutGpu[bench](command);
  const gpu = await openGpu({ adapter });
  try {
    await benches[bench](gpu, command);
  } finally {
    gpu.dispose();
  }
}

try {
  await run(process.argv.slice(2));
} catch (error) {
  if (!(error instanceof TlxError)) throw error;
  console.error(error.message);
  process.exitCode = { E_USAGE: 2, E_VERIFY: 6 }[error.code as string] ?? 1;
}
