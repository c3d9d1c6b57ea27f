import { parseArgs } from "node:util";
import { type Gpu, TlxError } from "@tlx/kernels";
import { openGpu } from "@tlx/kernels/node";
import { benchAccuracy } from "./accuracy.js";
import { benchHost } from "./host.js";
import { benchJob } from "./job.js";
import { benchKernels } from "./kernels.js";
import { benchNetworks } from "./network.js";
import { benchStartUp, startUpOnce } from "./startup.js";

const usage = `usage: npm run bench -- <bench> [options]

  kernels [op ...]   every bench case on every variant that fits
  network            MobileNetV2 forward beside TensorFlow.js WebGPU
  job                a classifier from a folder of pictures beside TensorFlow.js WebGPU
  accuracy           default settings on four sets of pictures beside logistic regression
  host               host microseconds per dispatch, planned and unplanned memory
  startup            pipelines, cold and warm start

  --rounds N         interleaved rounds (default 7; job: 2)
  --data DIR         pictures of job (default: ants_bees of TLX_SHARED)
  --weights FILE     MobileNetV2 weights (default: those of TLX_SHARED; network, host, startup: else seeded ones)
  --adapter NAME     part of an adapter's name, its number, or "software"`;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    rounds: { type: "string" },
    data: { type: "string" },
    weights: { type: "string" },
    adapter: { type: "string" },
  },
});
const [bench, ...rest] = positionals;
const rounds = values.rounds === undefined ? undefined : Number(values.rounds);
const usable = rounds === undefined || (Number.isSafeInteger(rounds) && rounds > 0);
const open = (): ReturnType<typeof openGpu> => openGpu({ adapter: values.adapter });

const benches: Readonly<Record<string, (gpu: Gpu) => Promise<void>>> = {
  kernels: (gpu) => benchKernels(gpu, rest, rounds ?? 7),
  network: (gpu) => benchNetworks(gpu, values.weights, rounds ?? 7),
  job: (gpu) => benchJob(gpu, { data: values.data, weights: values.weights }, rounds ?? 2),
  accuracy: (gpu) => benchAccuracy(gpu, values.weights),
  host: (gpu) => benchHost(gpu, values.weights),
  startup: (gpu) => benchStartUp(gpu, values.weights, values.adapter),
};

if (bench === "startup-child") {
  await startUpOnce(open, values.weights);
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
