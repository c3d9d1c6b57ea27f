/** One start-up, in a process that does nothing else; prints its times as JSON. */
import { openGpu } from "@tlx/kernels/node";
import { optimizeForInference, Program } from "@tlx/nn";
import { makePictures, seededNetwork } from "../suite/seeded-network.js";

export interface StartUp {
  /** From the start of the process until all modules were loaded. */
  readonly importMs: number;
  readonly openMs: number;
  readonly compileMs: number;
  readonly firstRunMs: number;
  readonly pipelines: number;
  readonly dispatches: number;
  /** Of the process, at the end. */
  readonly residentBytes: number;
  readonly logits: readonly number[];
}

const importMs = performance.now();
const { graph, weights } = optimizeForInference(seededNetwork("mobilenet-v2"));
const image = makePictures(1, graph.inputs.get("image")!.spec.shape[1]!);

const start = performance.now();
const gpu = await openGpu({ adapter: process.argv[2] });
const opened = performance.now();
const program = await Program.compile(gpu, graph, weights, { label: "startup" });
const compiled = performance.now();
program.write("image", image);
program.run();
const { data } = await program.read("logits");
const done = performance.now();

const found: StartUp = {
  ...{ importMs, openMs: opened - start, compileMs: compiled - opened, firstRunMs: done - compiled },
  ...{ pipelines: gpu.pipelines.size, dispatches: program.info.dispatches },
  ...{ residentBytes: process.memoryUsage().rss, logits: Array.from(data as Float32Array) },
};
process.stdout.write(JSON.stringify(found));
program.dispose();
gpu.dispose();
