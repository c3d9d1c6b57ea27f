/**
 * Spares the copies of an op that lays its inputs one after another: what makes an input writes it to its place in the result.
 * So every gradient is born inside the range that the optimizer reads.
 *
 * Method   An input is laid in place if it is an intermediate value of its own, laid once, and no launch that writes it also
 *          reads from the same result: WebGPU judges read / write conflicts per buffer. The result lives
 *          from the first of them on, so small ones that come before any large one are copied.
 */
import { bytesOf, type Operand, sizeOf, type Value } from "@tlx/kernels";
import type { Graph, Node } from "../graph/graph.js";
import { homesOf } from "../graph/walk.js";
import type { LoweredNode } from "../plan.js";

interface Place {
  readonly node: Node;
  readonly input: number;
  readonly element: number;
}

/** The same nodes with `laid` where there is something to spare, and without the launches that are spared. */
export function layInPlace(graph: Graph, nodes: readonly LoweredNode[]): LoweredNode[] {
  const places = findPlaces(graph);
  for (const { node, lowered } of nodes) {
    for (const { kernel, bind } of lowered.dispatches) {
      const boundTo = (operand: Operand): Value | undefined =>
        "input" in operand
          ? node.inputs[operand.input]
          : "output" in operand
            ? node.outputs[operand.output]
            : undefined;
      const bound = kernel.bindings.map(({ name, writes }) => ({ value: boundTo(bind[name]!), writes }));
      const read = new Set(bound.filter((b) => !b.writes && b.value).map(({ value }) => resultOf(places, value!)));
      for (const { value, writes } of bound) {
        if (writes && value && places.has(value) && read.has(resultOf(places, value))) places.delete(value);
      }
    }
  }
  return nodes.map((one) => {
    const { node, lowered } = one;
    const own = node.inputs.filter((v) => places.get(v)?.node === node);
    if (own.length === 0) return one;
    const laid = new Map(own.map((v) => [v, places.get(v)!.element]));
    const spared = new Set(own.map((v) => places.get(v)!.input));
    const dispatches = lowered.dispatches.filter(
      ({ bind }) => !Object.values(bind).some((operand) => "input" in operand && spared.has(operand.input)),
    );
    return { ...one, laid, lowered: { ...lowered, dispatches } };
  });
}

const resultOf = (places: ReadonlyMap<Value, Place>, value: Value): Value =>
  places.get(value)?.node.outputs[0] ?? value;

/** Where values could be written at once, judged by the graph alone. */
function findPlaces({ inputs, params, states, outputs, nodes }: Graph): Map<Value, Place> {
  const homeOf = homesOf(nodes);
  const made = nodes.flatMap((n) => n.outputs);
  const overwritten = new Set(made.filter((v) => homeOf(v) !== v).flatMap((v) => [v, homeOf(v)]));
  const named = [inputs, params, states, outputs].flatMap((values) => [...values.values()]);
  const elsewhere = new Set([...overwritten, ...named]);
  const known = new Set(made);
  const places = new Map<Value, Place>();
  const laidTwice = new Set<Value>();
  for (const node of nodes) {
    const result = node.outputs[0] as Value;
    if (!node.op.ranges || overwritten.has(result)) continue;
    const starts = node.op.ranges(node.inputs.map((v) => v.spec));
    node.inputs.forEach((value, input) => {
      if (places.has(value)) laidTwice.add(value);
      if (known.has(value) && !elsewhere.has(value)) places.set(value, { node, input, element: starts[input]! });
    });
  }
  for (const value of laidTwice) places.delete(value);
  dropEarly(places, made);
  return places;
}

const LARGE = 1 / 16; // of the result

/** Leaves out what is made before the first large part of its result, where there is a large one; `made` is in order. */
function dropEarly(places: Map<Value, Place>, made: readonly Value[]): void {
  const laid = made.filter((v) => places.has(v));
  const isLarge = (v: Value): boolean => sizeOf(v.spec) >= LARGE * sizeOf(resultOf(places, v).spec);
  const begun = new Set<Value>();
  const anyLarge = new Set(laid.filter(isLarge).map((v) => resultOf(places, v)));
  for (const value of laid) {
    const result = resultOf(places, value);
    if (isLarge(value) || !anyLarge.has(result)) begun.add(result);
    if (!begun.has(result)) places.delete(value);
  }
}

/** Bytes of `value` that begin at `element` of where `result` lies. */
export const rangeOf = (value: Value, element: number, { buffer, offset = 0 }: GPUBufferBinding): GPUBufferBinding => ({
  buffer,
  offset: offset + 4 * element,
  size: bytesOf(value.spec),
});
