/**
 * A golden example: an input anyone can make by its formula and what the network gives for it, by which another program,
 * adapter or version of tlx checks that it runs this network rightly.
 *
 *   input[i] = (37 i mod 251) / 125 - 1, i the flat index of [1, S, S, 3]; already preprocessed
 */
import { f32, type Gpu, sizeOf, TlxError } from "@tlx/kernels";
import { type Network, optimizeForInference, Program, withBatch } from "@tlx/nn";

/** What golden.json holds. */
export interface Golden {
  readonly format: "tlx-golden";
  readonly version: 1;
  readonly input: {
    readonly name: "image";
    readonly layout: "NHWC";
    readonly shape: readonly number[];
    /** Value of flat index i. */
    readonly formula: "(37 * i mod 251) / 125 - 1";
  };
  readonly output: {
    readonly name: "probs";
    /** Of every class. */
    readonly values: readonly number[];
  };
  /** Largest difference of a probability between programs that agree. */
  readonly tolerance: number;
}

/** Adapters and kernels differ in the order of sums, by about 1e-5 in a probability; a wrong weight moves far more. */
const TOLERANCE = 1e-3;

const makeInput = (elements: number): Float32Array =>
  Float32Array.from({ length: elements }, (_, i) => ((37 * i) % 251) / 125 - 1);

/** Softmax in double. */
function probsOf(logits: ArrayLike<number>): number[] {
  const values = Array.from(logits);
  const top = values.reduce((a, b) => Math.max(a, b));
  const powers = values.map((v) => Math.exp(v - top));
  const sum = powers.reduce((a, b) => a + b);
  return powers.map((p) => p / sum);
}

/** Runs `network`, with input "image" [N, S, S, 3] and output "logits" [N, classes], on the golden input. */
export async function makeGolden(gpu: Gpu, network: Network): Promise<Golden> {
  const { graph, weights } = optimizeForInference({ ...network, graph: withBatch(network.graph, 1) });
  const { shape } = graph.inputs.get("image")!.spec;
  const program = await Program.compile(gpu, graph, weights, { label: "golden" });
  try {
    program.write("image", makeInput(sizeOf(f32(...shape))));
    program.run();
    const { data } = await program.read("logits");
    return {
      format: "tlx-golden",
      version: 1,
      input: { name: "image", layout: "NHWC", shape, formula: "(37 * i mod 251) / 125 - 1" },
      output: { name: "probs", values: probsOf(data) },
      tolerance: TOLERANCE,
    };
  } finally {
    program.dispose();
  }
}

/** Throws E_VERIFY unless `network` gives what `golden` holds, within its tolerance. */
export async function verifyGolden(gpu: Gpu, network: Network, golden: Golden): Promise<void> {
  const found = (await makeGolden(gpu, network)).output.values;
  const expected = golden.output.values;
  const off = found.map((value, i) => Math.abs(value - (expected[i] ?? Number.NaN)));
  const worst = off.findIndex((difference) => !(difference <= golden.tolerance));
  if (worst === -1 && found.length === expected.length) return;
  throw new TlxError(
    "E_VERIFY",
    `golden: expected probability ${expected[worst]} of class ${worst} within ${golden.tolerance}, found ${found[worst]}; this adapter or program does not compute the network as it was trained`,
    { expected, found },
  );
}
