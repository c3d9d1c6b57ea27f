import { type Arena, bytesOf, type Spec, Usage, type Value } from "@tlx/kernels";
import type { Graph } from "../graph/graph.js";
import { homesOf } from "../graph/walk.js";
import type { Plan } from "../plan.js";
import type { Params } from "./params.js";

const usage = Usage.STORAGE | Usage.COPY_DST | Usage.COPY_SRC;

/** Buffers of one end (inputs or outputs): what the caller sees, and what one micro-batch sees. */
export interface Port {
  readonly spec: Spec;
  readonly buffer: GPUBuffer;
  readonly micro: GPUBuffer;
  readonly microBytes: number;
}

/** Every buffer of a program. */
export interface Buffers {
  readonly inputs: ReadonlyMap<string, Port>;
  readonly outputs: ReadonlyMap<string, Port>;
  readonly slots: readonly GPUBuffer[];
  /** Where a value of the part lives. */
  of(value: Value): GPUBuffer;
}

/**
 * Gives every value of `part` a buffer: inputs and outputs their ports, weights those of `params`, the rest their slots.
 * An output that already lives somewhere (it is an input, a weight, updated in place, or has two names) stays there.
 * `whole` is the graph the caller sees, `part` what one pass computes; they differ in batch only.
 */
export function allocate(arena: Arena, whole: Graph, part: Graph, plan: Plan, params: Params): Buffers {
  const homeOf = homesOf(part.nodes);
  const ports = new Map<Value, Port>();
  for (const [path, value] of [...part.params, ...part.states]) {
    const buffer = params.buffer(path, value.spec);
    ports.set(value, { spec: value.spec, buffer, micro: buffer, microBytes: bytesOf(value.spec) });
  }
  const open = (names: "inputs" | "outputs"): Map<string, Port> => {
    const opened = new Map<string, Port>();
    for (const [name, { spec }] of whole[names]) {
      const home = homeOf(part[names].get(name) as Value);
      const port = ports.get(home) ?? makePort(arena, name, spec, home.spec);
      ports.set(home, port);
      opened.set(name, port);
    }
    return opened;
  };
  const inputs = open("inputs");
  const outputs = open("outputs");
  const slots = plan.slots.map((bytes, i) => arena.buffer(bytes, usage, `slot ${i}`));
  const of = (value: Value): GPUBuffer => {
    const home = homeOf(value);
    return ports.get(home)?.micro ?? slots[plan.slotOf.get(home)!]!;
  };
  return { inputs, outputs, slots, of };
}

function makePort(arena: Arena, name: string, spec: Spec, microSpec: Spec): Port {
  const microBytes = bytesOf(microSpec);
  const buffer = arena.buffer(bytesOf(spec), usage, name);
  const micro = microBytes === bytesOf(spec) ? buffer : arena.buffer(microBytes, usage, `${name}/micro`);
  return { spec, buffer, micro, microBytes };
}
