/** Where a number became NaN or infinity: a step is run again with every module's result and every gradient in view. */
import type { Gpu, Value } from "@tlx/kernels";
import { differentiate, type Graph, type Params, Program } from "@tlx/nn";
import { lossGraph, type Tail, type TailSettings } from "./tail-programs.js";

/** Feeds the inputs of a program of the tail for one part of the step. */
export type Fill = (program: Program) => Promise<void>;

/**
 * The first module whose result is not finite in one of `parts`, else the last param whose gradient is not, in words. The update
 * of such a step was skipped, so `params` are those it was computed with, but for steps that were under way after it.
 */
export async function findNonFinite(
  gpu: Gpu,
  tail: Tail,
  params: Params,
  settings: TailSettings,
  parts: readonly Fill[],
): Promise<string> {
  const { graph, losses } = lossGraph(tail, settings);
  const marks = new Map([...graph.marks].map(([path, value]) => [`the result of "${path}"`, value]));
  const { logits } = Object.fromEntries(tail.graph.outputs);
  const forward = await firstNonFinite(gpu, graph, new Map([...marks, ["the logits", logits!]]), params, parts);
  if (forward !== undefined) return forward;
  const differentiated = differentiate(graph, losses, tail.trainable, tail.parts.rules);
  const grads = [...differentiated.grads].reverse(); // in the order in which they are computed
  const named = new Map(grads.map(([path, value]) => [`the gradient of "${path}"`, value]));
  const backward = await firstNonFinite(gpu, differentiated.graph, named, params, parts);
  if (backward !== undefined) return backward;
  return settings.precision === "f16"
    ? "what is kept in half precision, which ends at 65504, or the sum of all squared gradients"
    : "the sum of all squared gradients, which is too large for a float32";
}

async function firstNonFinite(
  gpu: Gpu,
  graph: Graph,
  watched: ReadonlyMap<string, Value>,
  params: Params,
  parts: readonly Fill[],
): Promise<string | undefined> {
  const made = new Set(graph.nodes.flatMap((node) => node.outputs));
  const outputs = new Map([...watched].filter(([, value]) => made.has(value)));
  const program = await Program.compile(gpu, { ...graph, outputs }, params, { label: "diagnosis" });
  try {
    for (const fill of parts) {
      await fill(program);
      program.run();
      for (const name of outputs.keys()) {
        const { data } = await program.read(name);
        if (!(data as Float32Array).every(Number.isFinite)) return name;
      }
    }
    return undefined;
  } finally {
    program.dispose();
  }
}
