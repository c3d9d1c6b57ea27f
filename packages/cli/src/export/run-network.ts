import type { Gpu } from "@tlx/kernels";
import { type Network, optimizeForInference, Program, withBatch } from "@tlx/nn";
import type { Pictures } from "./golden-pictures.js";

/** Logits [batch, classes] of prepared pictures. */
export async function runNetwork(gpu: Gpu, network: Network, { data, batch }: Pictures): Promise<Float32Array> {
  const { graph, weights } = optimizeForInference({ ...network, graph: withBatch(network.graph, batch) });
  const program = await Program.compile(gpu, graph, weights, { label: "export" });
  try {
    program.write("image", data);
    program.run();
    return Float32Array.from((await program.read("logits")).data);
  } finally {
    program.dispose();
  }
}

/** Softmax of every row, in double. */
export function probabilitiesOf(logits: Float32Array, classes: number): Float64Array {
  const probabilities = new Float64Array(logits.length);
  for (let at = 0; at < logits.length; at += classes) {
    const row = logits.subarray(at, at + classes);
    const top = row.reduce((a, b) => Math.max(a, b));
    const powers = Float64Array.from(row, (v) => Math.exp(v - top));
    const sum = powers.reduce((a, b) => a + b);
    probabilities.set(
      powers.map((p) => p / sum),
      at,
    );
  }
  return probabilities;
}
