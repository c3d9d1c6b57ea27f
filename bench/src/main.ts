import { parseArgs } from "node:util";
import { type Gpu, TlxError } from "@tlx/kernels";
import { openGpu } from "@tlx/kernels/node";
import { benchAccuracy } from "./accuracy.js";
import { benchFineTune } from "./finetune.js";
import { benchHost } from "./host.js";
import { benchJob } from "./job.js";
import { benchKernels } from "./kernels.js";
import { benchNetworks } from "./network.js";
import { benchStartUp, startUpOnce } from "./startup.js";
import { benchSteps } from "./step.js";

const usage = `usage: npm run bench -- <bench> [options]

  kernels [op ...]   every bench case on every variant that fits
  network            MobileNetV2 forward beside TensorFlow.js WebGPU
  job                a classifier from a folder of pictures beside TensorFlow.js WebGPU
  step [case ...]    MobileNetV2 training step, with all, last 3 blocks or head trained, beside TensorFlow.js WebGPU
  accuracy           default settings on four sets of pictures beside logistic regression
  finetune           last 3 blocks trained against the head alone, over seeds
  host               host microseconds per dispatch, planned and unplanned memory
  startup            pipelines, cold and warm start

  --rounds N         interleaved rounds (default 7; job: 2, step: 3)
  --batch N          pictures per step (default 16)
  --size N           height and width of the pictures of step (default 224)
  --data DIR         pictures of job (default: ants_bees of TLX_SHARED) and finetune (flowers5 and xray3)
  --seeds N          of finetune, 2 or more (default 3)
  --epochs N         of finetune (default: what suits head, last:3 and a network without weights)
  --scratch          finetune trains a network without weights too, at 96 px, with one seed
  --weights FILE     MobileNetV2 weights (default: those of TLX_SHARED; network, host, startup: else seeded ones)
  --adapter NAME     part of an adapter's name, its number, or "software"`;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    rounds: { type: "string" },
    batch: { type: "string" },
    size: { type: "string" },
    seeds: { type: "string" },
    epochs: { type: "string" },
    scratch: { type: "boolean", default: false },
    data: { type: "string" },
    weights: { type: "string" },
    adapter: { type: "string" },
  },
});
const [bench, ...rest] = positionals;
const numbers = ["rounds", "batch", "size", "seeds", "epochs"] as const;
const [rounds, batch, size, seeds, epochs] = numbers.map((name) =>
  values[name] === undefined ? undefined : Number(values[name]),
);
const usable = [rounds, batch, size, seeds, epochs].every((n) => n === undefined || (Number.isSafeInteger(n) && n > 0));
const { data, weights, scratch } = values;
const open = (): ReturnType<typeof openGpu> => openGpu({ adapter: values.adapter });

const benches: Readonly<Record<string, (gpu: Gpu) => Promise<void>>> = {
  kernels: (gpu) => benchKernels(gpu, rest, rounds ?? 7),
  network: (gpu) => benchNetworks(gpu, weights, rounds ?? 7),
  job: (gpu) => benchJob(gpu, { data, weights }, rounds ?? 2),
  step: (gpu) => benchSteps(gpu, { weights, size: size ?? 224, batch: batch ?? 16, rounds: rounds ?? 3, only: rest }),
  accuracy: (gpu) => benchAccuracy(gpu, weights),
  finetune: (gpu) => benchFineTune(gpu, { weights, data, seeds: seeds ?? 3, epochs, scratch }),
  host: (gpu) => benchHost(gpu, weights),
  startup: (gpu) => benchStartUp(gpu, weights, values.adapter),
};

if (bench === "startup-child") {
  await startUpOnce(open, weights);
} else if (usable && bench !== undefined && Object.hasOwn(benches, bench)) {
  const gpu = await open();
  try {
    await benches[bench]!(gpu);
  } catch (error) {
    if (!(error instanceof TlxError)) throw error;
    console.error(error.message);
    process.exitCode = { E_USAGE: 2, E_VERIFY: 6 }[error.code as string] ?? 1;
  } finally {
    gpu.dispose();
  }
} else {
  console.error(usage);
  process.exitCode = bench === undefined ? 0 : 2;
}
