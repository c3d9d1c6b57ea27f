/** What every module of a network gives for one picture. */
import type { Gpu, HostTensor, Value } from "@tlx/kernels";
import { type Graph, type Network, optimizeForInference, Program, toInference, withOutputs } from "@tlx/nn";

/** Results by the path of the module, then the network's own outputs. */
export type Trace = ReadonlyMap<string, HostTensor>;

/**
 * "fused": as predictions run, where a module's result that is computed within another kernel is not to be seen;
 * "whole": every module by itself, with the kernels that suit; "plain": the same with the kernel of each op that fits always.
 */
export type TraceForm = "fused" | "whole" | "plain";

/** The network in a form, with all modules that are left in it as outputs. */
export function formFor(network: Network, form: TraceForm): Network {
  const { graph, weights } = form === "fused" ? optimizeForInference(network) : toInference(network);
  return { graph: withOutputs(graph, [...graph.marks.keys()]), weights };
}

/** The last variant of an op fits every problem. */
const plainVariants = ({ nodes }: Graph): Record<string, string> =>
  Object.fromEntries(nodes.map(({ op }) => [op.name, op.variants.at(-1)!.name]));

/** Runs input "image" [1, S, S, 3] of prepared numbers. */
export async function traceNetwork(gpu: Gpu, network: Network, image: Float32Array, form: TraceForm): Promise<Trace> {
  const { graph, weights } = formFor(network, form);
  const variants = form === "plain" ? plainVariants(graph) : undefined;
  const program = await Program.compile(gpu, graph, weights, { label: "diff", variants });
  try {
    program.write("image", image);
    program.run();
    const found = new Map<string, HostTensor>();
    const read = new Map<Value, HostTensor>();
    for (const name of inOrder(graph)) {
      const value = graph.outputs.get(name)!;
      const tensor = read.get(value) ?? (await program.read(name));
      read.set(value, tensor);
      found.set(name, tensor);
    }
    return found;
  } finally {
    program.dispose();
  }
}

/** Modules as they are marked, which is after all that is in them, then what the network gives. */
export const inOrder = ({ marks, outputs }: Graph): readonly string[] => [
  ...marks.keys(),
  ...[...outputs.keys()].filter((name) => !marks.has(name)),
];
