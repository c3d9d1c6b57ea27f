/**
 * Memory plan: which values share a buffer.
 *
 * Method   lifetimes, then slots, one GPU buffer each: from the largest value to the smallest, each takes the smallest slot
 *          that is free all its life, or a new one. So a slot is never larger than the first value it was given. Ranges of one
 *          buffer are not shared: WebGPU judges read / write conflicts per buffer, so a dispatch could not read one range
 *          and write another. An output never takes the slot of an input or scratch of its own node. What is updated in
 *          place lives on in the slot of the value it overwrites.
 * Source   Pisarchyk and Lee 2020, Efficient Memory Management for Deep Neural Net Inference, section 4.3
 */
import { bytesOf, type Lowered, type Value } from "@tlx/kernels";
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

/** Something that needs memory from node `from` to node `to`, both included. */
interface Life {
  readonly bytes: number;
  readonly from: number;
  to: number;
}

/** A slot for every life, by place, and the bytes of each slot. */
function share(lives: readonly Life[]): { readonly slots: number[]; readonly slotOf: Map<Life, number> } {
  const slots: { readonly bytes: number; readonly lives: Life[] }[] = [];
  const slotOf = new Map<Life, number>();
  for (const life of [...lives].sort((a, b) => b.bytes - a.bytes || a.from - b.from)) {
    // The last that is free is the smallest: slots were made from the largest on.
    let slot = slots.findLastIndex((s) => s.lives.every((other) => other.to < life.from || life.to < other.from));
    if (slot < 0) slot = slots.push({ bytes: life.bytes, lives: [] }) - 1;
    slots[slot]!.lives.push(life);
    slotOf.set(life, slot);
  }
  return { slots: slots.map((s) => s.bytes), slotOf };
}

/** Plans `graph`, whose nodes were lowered to `nodes` in the same order. Inputs, weights and outputs have buffers of their own. */
export function planMemory(graph: Graph, nodes: readonly LoweredNode[]): Plan {
  const homeOf = homesOf(graph.nodes);
  const fixed = new Set([...graph.inputs.values(), ...graph.params.values(), ...graph.states.values()]);
  for (const v of graph.outputs.values()) fixed.add(homeOf(v));

  const lives = new Map<Value, Life>();
  const scratch: Life[][] = [];
  nodes.forEach(({ node, lowered }, i) => {
    for (const v of node.outputs) {
      if (!fixed.has(v) && homeOf(v) === v) lives.set(v, { bytes: bytesOf(v.spec), from: i, to: i });
    }
    for (const v of [...node.inputs, ...node.outputs]) {
      const life = lives.get(homeOf(v));
      if (life) life.to = i;
    }
    scratch.push((lowered.scratch ?? []).map((spec) => ({ bytes: bytesOf(spec), from: i, to: i })));
  });
  const all = [...lives.values(), ...scratch.flat()];
  const { slots, slotOf } = share(all);
  const total = (sizes: readonly number[]): number => sizes.reduce((a, b) => a + b, 0);
  return {
    slots,
    slotOf: new Map([...lives].map(([value, life]) => [value, slotOf.get(life)!])),
    scratchSlots: scratch.map((own) => own.map((life) => slotOf.get(life)!)),
    plannedBytes: total(slots),
    unplannedBytes: total(all.map((life) => life.bytes)),
  };
}
