/** Host cost of a run: microseconds per dispatch to encode and submit, by Benchmark.js. `npm run bench -- host` */
import type { Gpu } from "@tlx/kernels";
import { optimizeForInference, Program } from "@tlx/nn";
import Benchmark from "benchmark";
import { benchNetwork } from "./bench-network.js";
import { saveResults } from "./protocol.js";

/** Measures MobileNetV2 at batch 1; prints and saves the figures. */
export async function benchHost(gpu: Gpu, weightsFile: string | undefined): Promise<void> {
  const { network } = await benchNetwork(weightsFile);
  const optimized = optimizeForInference(network);
  const program = await Program.compile(gpu, optimized.graph, optimized.weights, { label: "host" });
  const { dispatches, plan } = program.info;
  program.run();
  await gpu.idle();

  // Few runs per sample: the queue must not grow while the host is timed, so the device is emptied after each.
  const samples: number[] = [];
  for (let i = 0; i < 20; i++) {
    const start = performance.now();
    program.run();
    samples.push(performance.now() - start);
    await gpu.idle();
  }
  const encode = new Benchmark("encode", () => program.encode(), { maxTime: 1 });
  encode.run();
  const result = {
    dispatches,
    encodeMicrosecondsPerDispatch: (encode.stats.mean * 1e6) / dispatches,
    encodeRelativeMarginPercent: encode.stats.rme,
    runMicrosecondsPerDispatch: (samples.sort((a, b) => a - b)[samples.length >> 1]! * 1e3) / dispatches,
    plannedBytes: plan.plannedBytes,
    unplannedBytes: plan.unplannedBytes,
  };
  program.dispose();
  console.log(`MobileNetV2, batch 1: ${dispatches} dispatches`);
  console.log(
    `  encode            ${result.encodeMicrosecondsPerDispatch.toFixed(2)} us per dispatch (+-${encode.stats.rme.toFixed(1)} %)`,
  );
  console.log(`  encode and submit ${result.runMicrosecondsPerDispatch.toFixed(2)} us per dispatch`);
  console.log(`  memory            ${mib(plan.plannedBytes)} planned, ${mib(plan.unplannedBytes)} unplanned`);
  console.log(`\nsaved ${saveResults("host", gpu, result)}`);
}

const mib = (bytes: number): string => `${(bytes / 2 ** 20).toFixed(1)} MiB`;
