/** What the programs of a training cost, by counting: no GPU is needed. */
import { bytesOf, type Capabilities, type KernelChoices } from "@tlx/kernels";
import { type Graph, lowerGraph, planMemory } from "@tlx/nn";

export interface TrainingCost {
  /** Dispatches of one run of every graph. */
  readonly forward: number;
  readonly backward: number;
  readonly update: number;
  /** Bytes of intermediate values: as they share memory, and if each had its own. */
  readonly plannedBytes: number;
  readonly unplannedBytes: number;
  /** Bytes that the optimizer keeps between steps: moments, and where they are used masks, averages and sums. */
  readonly optimizerBytes: number;
}

/** Costs of graphs that run one after the other: a prefix, a step, an update. */
export function costOfTraining(
  graphs: readonly Graph[],
  capabilities: Capabilities,
  choices?: KernelChoices,
): TrainingCost {
  const dispatches = { forward: 0, backward: 0, update: 0 };
  let plannedBytes = 0;
  let unplannedBytes = 0;
  const kept = new Map<string, number>();
  for (const graph of graphs) {
    const nodes = lowerGraph(graph, capabilities, { choices });
    for (const { node, lowered } of nodes) dispatches[stageOf(node.path)] += lowered.dispatches.length;
    const memory = planMemory(graph, nodes, capabilities.maxBufferSize);
    plannedBytes += memory.plannedBytes;
    unplannedBytes += memory.unplannedBytes;
    for (const { beside } of graph.blocks.values()) {
      for (const path of beside.keys()) kept.set(path, bytesOf(graph.states.get(path)!.spec));
    }
  }
  const optimizerBytes = [...kept.values()].reduce((a, b) => a + b, 0);
  return { ...dispatches, plannedBytes, unplannedBytes, optimizerBytes };
}

/** Gradient nodes and those of the optimizer are told by their paths. */
function stageOf(path: string): "forward" | "backward" | "update" {
  if (path.startsWith("optimizer")) return "update";
  return path.endsWith("/grad") ? "backward" : "forward";
}
