/**
 * Memory plan: which values share a buffer.
 *
 * Method   lifetimes, then greedy best fit into slots, one GPU buffer per slot. Ranges of one buffer are not shared:
 *          WebGPU judges read / write conflicts per buffer, so a dispatch could not read one range and write another.
 *          An output never takes the slot of an input or scratch of its own node. What is updated in place lives on
 *          in the slot of the value it overwrites.
 */
import { bytesOf, type Lowered, type Spec, type Value } from "@tlx/kernels";
import type { Graph, Node } from "./graph/graph.js";
import { homesOf } from "./graph/walk.js";

/** A node with the variant that will compute it. */
export interface LoweredNode {
  readonly node: Node;
  readonly variant: string;
  readonly lowered: Lowered;
}

export interface Plan {
  /** Bytes of each slot. */
  readonly slots: readonly number[];
  readonly slotOf: ReadonlyMap<Value, number>;
  /** Slot of scratch value j of node i. */
  readonly scratchSlots: readonly (readonly number[])[];
  /** Bytes of all slots. */
  readonly plannedBytes: number;
  /** Bytes if every intermediate value and scratch had its own buffer. */
  readonly unplannedBytes: number;
}

class Slots {
  readonly sizes: number[] = [];
  private readonly free = new Set<number>();

  /** The smallest free slot that fits; else the largest free one, grown; else a new one. */
  take(bytes: number): number {
    const free = [...this.free].sort((a, b) => this.sizes[a]! - this.sizes[b]!);
    const slot = free.find((s) => this.sizes[s]! >= bytes) ?? free.at(-1) ?? this.sizes.push(0) - 1;
    this.sizes[slot] = Math.max(this.sizes[slot]!, bytes);
    this.free.delete(slot);
    return slot;
  }

  give(slot: number): void {
    this.free.add(slot);
  }
}

/** Plans `graph`, whose nodes were lowered to `nodes` in the same order. Inputs, weights and outputs have buffers of their own. */
export function planMemory(graph: Graph, nodes: readonly LoweredNode[]): Plan {
  const homeOf = homesOf(graph.nodes);
  const lastUse = new Map<Value, number>();
  nodes.forEach(({ node }, i) => {
    for (const v of [...node.inputs, ...node.outputs]) lastUse.set(homeOf(v), i);
  });
  const fixed = new Set([...graph.inputs.values(), ...graph.params.values(), ...graph.states.values()]);
  for (const v of graph.outputs.values()) fixed.add(homeOf(v));

  const slots = new Slots();
  const slotOf = new Map<Value, number>();
  const scratchSlots: number[][] = [];
  let unplannedBytes = 0;
  const take = (spec: Spec): number => {
    unplannedBytes += bytesOf(spec);
    return slots.take(bytesOf(spec));
  };
  nodes.forEach(({ node, lowered }, i) => {
    for (const v of node.outputs) {
      if (!fixed.has(v) && homeOf(v) === v) slotOf.set(v, take(v.spec));
    }
    const scratch = (lowered.scratch ?? []).map(take);
    scratchSlots.push(scratch);
    for (const slot of scratch) slots.give(slot);
    for (const v of new Set([...node.inputs, ...node.outputs].map(homeOf))) {
      const slot = slotOf.get(v);
      if (slot !== undefined && lastUse.get(v) === i) slots.give(slot);
    }
  });
  const plannedBytes = slots.sizes.reduce((a, b) => a + b, 0);
  return { slots: slots.sizes, slotOf, scratchSlots, plannedBytes, unplannedBytes };
}
