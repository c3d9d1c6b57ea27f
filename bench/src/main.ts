import { parseArgs } from "node:util";
import { type Gpu, TlxError } from "@tlx/kernels";
import { openGpu } from "@tlx/kernels/node";
import { benchAccuracy } from "./accuracy.js";
import { compareFiles } from "./compare-files.js";
import { benchFineTune } from "./finetune.js";
import { writeReadme } from "./readme-table.js";
import { benchStrategies } from "./strategies.js";

const usage = `usage: npm run bench -- <bench> [options]

  accuracy           default settings on four sets of pictures beside logistic regression
  finetune           last 3 blocks trained against the head alone, over seeds
  strategies         head, last:3, all and scratch on four sets of pictures over seeds

  --data DIR         pictures of finetune (default: flowers5 and xray3 of TLX_SHARED)
  --seeds N          2 or more, of finetune (default 3) and strategies (default 5)
  --epochs N         of finetune (default: what suits head, last:3 and a network without weights)
  --scratch          finetune trains a network without weights too, at 96 px, with one seed
  --weights FILE     MobileNetV2 weights (default: those of TLX_SHARED)
  --adapter NAME     part of an adapter's name, its number, or "software"

       npx tlx bench                     times: kernels, networks, training steps, jobs
       npm run bench:compare -- A B      two result files of tlx bench
       npm run bench:readme -- FILE      the README's table from a result file`;

const config = {
  allowPositionals: true,
  options: {
    seeds: { type: "string" },
    epochs: { type: "string" },
    scratch: { type: "boolean", default: false },
    data: { type: "string" },
    weights: { type: "string" },
    adapter: { type: "string" },
  },
} as const;

function parse(): ReturnType<typeof parseArgs<typeof config>> {
  try {
    return parseArgs(config);
  } catch (error) {
    console.error(`bench: ${(error as Error).message}\n\n${usage}`);
    process.exit(2);
  }
}

const { values, positionals } = parse();
const [bench, ...rest] = positionals;
const numbers = ["seeds", "epochs"] as const;
const [seeds, epochs] = numbers.map((name) => (values[name] === undefined ? undefined : Number(values[name])));
const usable = [seeds, epochs].every((n) => n === undefined || (Number.isSafeInteger(n) && n > 0));
const { data, weights, scratch } = values;

const withoutGpu: Readonly<Record<string, () => void>> = {
  compare: () => console.log(compareFiles(rest)),
  readme: () => console.log(writeReadme(rest)),
};

const benches: Readonly<Record<string, (gpu: Gpu) => Promise<void>>> = {
  accuracy: (gpu) => benchAccuracy(gpu, weights),
  finetune: (gpu) => benchFineTune(gpu, { weights, data, seeds: seeds ?? 3, epochs, scratch }),
  strategies: (gpu) => benchStrategies(gpu, weights, seeds ?? 5),
};

async function runOnGpu(run: (gpu: Gpu) => Promise<void>): Promise<void> {
  const gpu = await openGpu({ adapter: values.adapter });
  try {
    await run(gpu);
  } finally {
    gpu.dispose();
  }
}

try {
  if (bench !== undefined && Object.hasOwn(withoutGpu, bench)) withoutGpu[bench]!();
  else if (usable && bench !== undefined && Object.hasOwn(benches, bench)) await runOnGpu(benches[bench]!);
  else {
    console.error(usage);
    process.exitCode = bench === undefined ? 0 : 2;
  }
} catch (error) {
  if (!(error instanceof TlxError)) throw error;
  console.error(error.message);
  process.exitCode = { E_USAGE: 2, E_VERIFY: 6 }[error.code as string] ?? 1;
}
