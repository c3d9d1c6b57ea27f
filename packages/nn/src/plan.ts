/**
 * Memory plan: lifetimes of values and scratch, and the ranges of buffers they share (`shareSlots`). What is updated in place
 * lives on in the value it overwrites; what is laid inside another value (`layInPlace`) lives there.
 */
import { bytesOf, type Lowered, type Value, type VariantSettings } from "@tlx/kernels";
import type { Graph, Node } from "./graph/graph.js";
import { homesOf } from "./graph/walk.js";
import { type Life, type Place, shareSlots } from "./share-slots.js";

/** A node with the variant that will compute it, and its settings where it has any. */
export interface LoweredNode {
  readonly node: Node;
  readonly variant: string;
  readonly settings?: VariantSettings | undefined;
  readonly lowered: Lowered;
  /** Inputs that their makers write into output 0, with the element at which they begin there. */
  readonly laid?: ReadonlyMap<Value, number>;
}

export interface Plan {
  /** Bytes of each slot. */
  readonly slots: readonly number[];
  readonly placeOf: ReadonlyMap<Value, Place>;
  /** Values that lie inside another, from an element of it on; they have no place of their own. */
  readonly inside: ReadonlyMap<Value, { readonly whole: Value; readonly element: number }>;
  /** Place of scratch value j of node i. */
  readonly scratchPlaces: readonly (readonly Place[])[];
  /** Bytes of all slots. */
  readonly plannedBytes: number;
  /** Bytes if every intermediate value and scratch had its own buffer. */
  readonly unplannedBytes: number;
}

/**
 * Plans `graph`, whose nodes were lowered to `nodes` in the same order. Inputs, weights and outputs have buffers of their own.
 * A slot that several values share has at most `largest` bytes: the device's maxBufferSize.
 */
export function planMemory(
  graph: Graph,
  nodes: readonly LoweredNode[],
  largest: number = Number.POSITIVE_INFINITY,
): Plan {
  const homeOf = homesOf(graph.nodes);
  const fixed = new Set([...graph.inputs.values(), ...graph.params.values(), ...graph.states.values()]);
  for (const v of graph.outputs.values()) fixed.add(homeOf(v));
  const inside = new Map<Value, { readonly whole: Value; readonly element: number }>();
  for (const { node, laid } of nodes) {
    for (const [value, element] of laid ?? []) inside.set(value, { whole: node.outputs[0] as Value, element });
  }

  const lives = new Map<Value, Life>();
  const scratch: Life[][] = [];
  const begin = (bytes: number, node: number): Life => ({ bytes, from: node, to: node, uses: new Map([[node, true]]) });
  nodes.forEach(({ node, lowered }, i) => {
    for (const v of node.outputs) {
      const home = inside.get(v)?.whole ?? v;
      if (!fixed.has(home) && homeOf(home) === home && !lives.has(home)) lives.set(home, begin(bytesOf(home.spec), i));
    }
    for (const v of [...node.inputs, ...node.outputs]) {
      const home = homeOf(v);
      const life = lives.get(inside.get(home)?.whole ?? home);
      if (!life) continue;
      life.to = Math.max(life.to, i);
      life.uses.set(i, life.uses.get(i) || node.outputs.includes(v));
    }
    scratch.push((lowered.scratch ?? []).map((spec) => begin(bytesOf(spec), i)));
  });
  const all = [...lives.values(), ...scratch.flat()];
  const { slots, placeOf } = shareSlots(all, largest);
  const total = (sizes: readonly number[]): number => sizes.reduce((a, b) => a + b, 0);
  return {
    slots,
    placeOf: new Map([...lives].map(([value, life]) => [value, placeOf.get(life)!])),
    inside,
    scratchPlaces: scratch.map((own) => own.map((life) => placeOf.get(life)!)),
    plannedBytes: total(slots),
    unplannedBytes: total([...all.map((life) => life.bytes), ...[...inside.keys()].map((v) => bytesOf(v.spec))]),
  };
}
