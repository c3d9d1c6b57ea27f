/**
 * MobileNetV2 forward beside TensorFlow.js WebGPU on the same adapter, interleaved in one process, same weights, batch norm
 * folded and epilogues fused in both. `npm run bench -- network`
 */
import { type Gpu, sizeOf, TlxError } from "@tlx/kernels";
import { formatTable, optimizeForInference, Program, withBatch } from "@tlx/nn";
import { interpret } from "@tlx/nn/testing";
import { benchNetwork } from "./bench-network.js";
import { openTfjs } from "./peers/open-tfjs.js";
import { tfjsLogits } from "./peers/tfjs-logits.js";
import { environment, interleave, relativeError, saveResults } from "./protocol.js";

const TOLERANCE = 1e-3;

/** A picture-like input by formula, so that every machine measures the same numbers. */
function makeInput(batch: number): Float32Array {
  return Float32Array.from(
    { length: batch * 224 * 224 * 3 },
    (_, i) => Math.sin(i * 0.001) + 0.5 * Math.cos(i * 0.0173),
  );
}

function verify(name: string, found: ArrayLike<number>, expected: ArrayLike<number>): void {
  const error = relativeError(found, expected);
  if (!(error <= TOLERANCE)) {
    throw new TlxError("E_VERIFY", `${name}: output is wrong (relative error ${error}); not timed`);
  }
  console.error(`${name}: output checked, relative error ${error.toExponential(1)}`);
}

/** Both runtimes at batch 1 and 8, after their outputs were checked; prints and saves the times. Throws when one is wrong. */
export async function benchNetworks(gpu: Gpu, weightsFile: string | undefined, rounds: number): Promise<void> {
  const { network, origin } = await benchNetwork(weightsFile);
  const optimized = optimizeForInference(network);
  const oracle = interpret(optimized.graph, optimized.weights, new Map([["image", makeInput(1)]]));
  const expected = oracle.get(optimized.graph.outputs.get("logits")!)!;
  const prepare = tfjsLogits(await openTfjs(gpu), optimized);
  const results = [];
  for (const batch of [1, 8]) {
    const program = await Program.compile(gpu, withBatch(optimized.graph, batch), optimized.weights, {
      label: "bench",
    });
    const input = makeInput(batch);
    program.write("image", input);
    program.run();
    const ours = (await program.read("logits")).data as Float32Array;
    const classes = sizeOf(optimized.graph.outputs.get("logits")!.spec);
    verify(`tlx, batch ${batch}`, ours.subarray(0, classes), expected);
    const theirs = prepare(input, batch);
    verify(`tfjs, batch ${batch}`, await theirs.logits(), ours);
    const timings = await interleave(
      [
        {
          name: "tlx",
          run: () => {
            program.run();
            return gpu.idle();
          },
        },
        { name: "tfjs-webgpu", run: theirs.run },
      ],
      rounds,
    );
    const [tlx, peer] = timings as [(typeof timings)[0], (typeof timings)[0]];
    results.push({ batch, timings, ratio: peer.median / tlx.median });
    theirs.dispose();
    program.dispose();
  }
  const rows = results.flatMap(({ batch, timings, ratio }) =>
    timings.map((t) => [
      batch,
      t.name,
      t.median.toFixed(1),
      t.fastest.toFixed(1),
      t.slowest.toFixed(1),
      t.name === "tlx" ? `${ratio.toFixed(2)} times faster` : "",
    ]),
  );
  console.log(`MobileNetV2 1.0 forward at 224 px, ${origin}, ${String(environment(gpu).adapter)}`);
  console.log(formatTable(["batch", "runtime", "median ms", "fastest", "slowest", ""], rows));
  console.log(`\nsaved ${saveResults("network", gpu, results)}`);
}
