import { parseArgs } from "node:util";
import { TlxError } from "@tlx/kernels";
import { openGpu } from "@tlx/kernels/node";
import { benchHost } from "./host.js";
import { benchKernels } from "./kernels.js";
import { benchNetworks } from "./network.js";
import { benchStartUp, startUpOnce } from "./startup.js";

const usage = `usage: npm run bench -- <bench> [options]

  kernels [op ...]   every bench case on every variant that fits
  network            MobileNetV2 forward beside TensorFlow.js WebGPU
  host               host microseconds per dispatch, planned and unplanned memory
  startup            pipelines, cold and warm start

  --rounds N         interleaved rounds (default 7)
  --weights FILE     MobileNetV2 weights (default: those of TLX_SHARED, else seeded ones)
  --adapter NAME     part of an adapter's name, its number, or "software"`;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { rounds: { type: "string", default: "7" }, weights: { type: "string" }, adapter: { type: "string" } },
});
const [bench, ...rest] = positionals;
const rounds = Number(values.rounds);
const usable = Number.isSafeInteger(rounds) && rounds > 0;
const open = (): ReturnType<typeof openGpu> => openGpu({ adapter: values.adapter });

if (bench === "startup-child") {
  await startUpOnce(open, values.weights);
} else if (usable && bench !== undefined && ["kernels", "network", "host", "startup"].includes(bench)) {
  const gpu = await open();
  try {
    if (bench === "kernels") await benchKernels(gpu, rest, rounds);
    if (bench === "network") await benchNetworks(gpu, values.weights, rounds);
    if (bench === "host") await benchHost(gpu, values.weights);
    if (bench === "startup") await benchStartUp(gpu, values.weights, values.adapter);
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
