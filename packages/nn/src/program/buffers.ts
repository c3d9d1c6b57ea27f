import { type Arena, bytesOf, type Spec, Usage, type Value } from "@tlx/kernels";
import type { Graph } from "../graph/graph.js";
import { homesOf } from "../graph/walk.js";
import type { Plan } from "../plan.js";
import { rangeOf } from "./lay-in-place.js";
import type { Params } from "./params.js";

const usage = Usage.STORAGE | Usage.COPY_DST | Usage.COPY_SRC;

/** Buffers of one end (inputs or outputs): what the caller sees, and what one micro-batch sees; `offset` in bytes for both. */
export interface Port {
  readonly spec: Spec;
  readonly buffer: GPUBuffer;
  readonly micro: GPUBuffer;
  readonly offset: number;
  readonly microBytes: number;
}

/** Every buffer of a program. */
export interface Buffers {
  readonly inputs: ReadonlyMap<string, Port>;
  readonly outputs: ReadonlyMap<string, Port>;
  readonly slots: readonly GPUBuffer[];
  /** Where a value of the part lives. */
  of(value: Value): GPUBufferBinding;
}

/**
 * Gives every value of `part` a buffer: inputs and outputs their ports, weights those of `params`, the rest their slots.
 * An output that already lives somewhere (it is an input, a weight, updated in place, or has two names) stays there.
 * `whole` is the graph the caller sees, `part` what one pass computes; they differ in batch only.
 */
export function allocate(arena: Arena, whole: Graph, part: Graph, plan: Plan, params: Params): Buffers {
  const homeOf = homesOf(part.nodes);
  const ports = new Map<Value, Port>();
  for (const path of part.blocks.keys()) params.assertBlock(part, path);
  for (const [path, value] of [...part.params, ...part.states]) {
    const { buffer, offset, size } = params.binding(path, value.spec);
    ports.set(value, { spec: value.spec, buffer, micro: buffer, offset, microBytes: size });
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
  const of = (value: Value): GPUBufferBinding => {
    const home = homeOf(value);
    const port = ports.get(home);
    const size = bytesOf(value.spec);
    const laid = plan.inside.get(value);
    if (laid) return rangeOf(value, laid.element, of(laid.whole));
    if (port) return { buffer: port.micro, offset: port.offset, size };
    const { slot, offset } = plan.placeOf.get(home)!;
    return { buffer: slots[slot]!, offset, size };
  };
  return { inputs, outputs, slots, of };
}

function makePort(arena: Arena, name: string, spec: Spec, microSpec: Spec): Port {
  const microBytes = bytesOf(microSpec);
  const buffer = arena.buffer(bytesOf(spec), usage, name);
  const micro = microBytes === bytesOf(spec) ? buffer : arena.buffer(microBytes, usage, `${name}/micro`);
  return { spec, buffer, micro, offset: 0, microBytes };
}
