import { type AnyOp, bytesOf, f32, type Spec, type Value } from "@tlx/kernels";
import { type Graph, GraphBuilder, type LoweredNode, planMemory } from "@tlx/nn";
import fc from "fast-check";
import { describe, expect, it } from "vitest";

/** A node for planning only: any number of outputs and scratch values of any size. */
function blank(outputs: readonly number[], scratch: readonly number[], alias?: readonly (number | undefined)[]): AnyOp {
  const lowered = { scratch: scratch.map((n) => f32(n)), dispatches: [] };
  return {
    name: "blank",
    infer: (inputs: readonly Spec[]) => outputs.map((n, o) => (alias?.[o] === undefined ? f32(n) : inputs[alias[o]]!)),
    alias,
    variants: [{ name: "plain", fits: () => true, lower: () => lowered }],
  };
}

const lower = (graph: Graph): LoweredNode[] =>
  graph.nodes.map((node) => ({
    node,
    variant: "plain",
    lowered: node.op.variants[0]!.lower({} as never, {} as never),
  }));

interface Drawn {
  readonly inputs: readonly number[];
  readonly outputs: readonly number[];
  readonly scratch: readonly number[];
  readonly inPlace: boolean;
}

const size = fc.oneof(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 60, max: 1000 })); // some hold several others
const drawnNode: fc.Arbitrary<Drawn> = fc.record({
  inputs: fc.array(fc.nat(), { minLength: 1, maxLength: 4 }),
  outputs: fc.array(size, { minLength: 1, maxLength: 3 }),
  scratch: fc.array(size, { maxLength: 2 }),
  inPlace: fc.boolean(),
});

/** A random graph; inputs and outputs are drawn by position among the values there are. */
function buildGraph(nodes: readonly Drawn[], outputs: readonly number[]): Graph {
  const b = new GraphBuilder();
  const values: Value[] = [b.input("x", f32(7)), b.param("w", f32(5)), b.state("s", f32(3))];
  for (const { inputs, outputs: sizes, scratch, inPlace } of nodes) {
    const picked = inputs.map((i) => values[i % values.length]!);
    const op = blank(sizes, scratch, inPlace ? [0] : undefined);
    values.push(...b.apply(op, picked, {}, ""));
  }
  for (const [n, i] of outputs.entries()) b.output(`y${n}`, values[i % values.length]!);
  return b.finish();
}

/** The value a value was overwritten from, through any number of in-place nodes; found anew here, from the last. */
function home(graph: Graph, value: Value): Value {
  const node = graph.nodes.find((n) => n.outputs.includes(value));
  const input = node?.op.alias?.[node.outputs.indexOf(value)];
  return input === undefined ? value : home(graph, node!.inputs[input]!);
}

/** Positions from the node that makes a value to the last that touches it, or anything written over it in place. */
function lifetimes(graph: Graph): Map<Value, [number, number]> {
  const lives = new Map<Value, [number, number]>();
  graph.nodes.forEach((node, i) => {
    for (const value of [...node.inputs, ...node.outputs]) {
      const h = home(graph, value);
      lives.set(h, [lives.get(h)?.[0] ?? i, i]);
    }
  });
  return lives;
}

describe("planMemory of random graphs", () => {
  const graphs = fc.tuple(fc.array(drawnNode, { minLength: 1, maxLength: 25 }), fc.array(fc.nat(), { maxLength: 4 }));

  it("never lets two live values share bytes, nor a node write and read one slot", () => {
    fc.assert(
      fc.property(graphs, ([nodes, outputs]) => {
        const graph = buildGraph(nodes, outputs);
        const plan = planMemory(graph, lower(graph));
        const lives = lifetimes(graph);
        const touched = (value: Value, kind: "inputs" | "outputs"): number[] =>
          [...graph.nodes.keys()].filter((i) => graph.nodes[i]![kind].some((v) => home(graph, v) === value));
        const uses = [...plan.placeOf].map(([value, place]) => ({
          ...place,
          life: lives.get(value)!,
          bytes: bytesOf(value.spec),
          reads: touched(value, "inputs"),
          writes: touched(value, "outputs"),
        }));
        plan.scratchPlaces.forEach((places, i) => {
          places.forEach((place, j) => {
            uses.push({ ...place, life: [i, i], bytes: 4 * nodes[i]!.scratch[j]!, reads: [i], writes: [i] });
          });
        });
        for (const [i, a] of uses.entries()) {
          expect(plan.slots[a.slot]).toBeGreaterThanOrEqual(a.offset + a.bytes);
          expect(a.offset % 256).toBe(0);
          for (const b of uses.slice(i + 1)) {
            if (a.slot !== b.slot || a.life[1] < b.life[0] || b.life[1] < a.life[0]) continue;
            expect(a.offset + a.bytes <= b.offset || b.offset + b.bytes <= a.offset).toBe(true);
            expect(a.writes.some((i) => b.writes.includes(i) || b.reads.includes(i))).toBe(false);
            expect(b.writes.some((i) => a.reads.includes(i))).toBe(false);
          }
        }
      }),
    );
  });

  it("gives a place to exactly what is computed and kept nowhere else", () => {
    fc.assert(
      fc.property(graphs, ([nodes, outputs]) => {
        const graph = buildGraph(nodes, outputs);
        const plan = planMemory(graph, lower(graph));
        const kept = new Set([...graph.outputs.values()].map((v) => home(graph, v)));
        const made = graph.nodes.flatMap((n) => n.outputs).filter((v) => home(graph, v) === v && !kept.has(v));
        expect(new Set(plan.placeOf.keys())).toEqual(new Set(made));
      }),
    );
  });

  it("never takes more than no plan at all", () => {
    fc.assert(
      fc.property(graphs, ([nodes, outputs]) => {
        const graph = buildGraph(nodes, outputs);
        const plan = planMemory(graph, lower(graph));
        const scratch = nodes.flatMap((n) => n.scratch).reduce((a, b) => a + 4 * b, 0);
        const unplanned = [...plan.placeOf.keys()].reduce((sum, v) => sum + bytesOf(v.spec), scratch);
        expect(plan.unplannedBytes).toBe(unplanned);
        expect(plan.plannedBytes).toBe(plan.slots.reduce((a, b) => a + b, 0));
        expect(plan.plannedBytes).toBeLessThanOrEqual(unplanned);
      }),
    );
  });
});

it("plans a fixed example to the byte", () => {
  const b = new GraphBuilder();
  const x = b.input("x", f32(4));
  const one = (inputs: readonly Value[], n: number, scratch: readonly number[] = []): Value =>
    b.apply(blank([n], scratch), inputs, {}, "")[0]!;
  const a = one([x], 100); // slot 0, which e made: a is gone before
  const c = one([a], 60, [10]); // slot 2: a and d are there at some time; scratch slot 1, before d
  const d = one([c], 90); // slot 1: it is read beside e
  const e = one([c, d], 120); // slot 0
  const f = one([e], 50); // slot 2, the smallest that is free
  b.output("y", one([f], 7)); // an output needs no slot
  const graph = b.finish();
  const plan = planMemory(graph, lower(graph));
  expect([a, c, d, e, f].map((v) => plan.placeOf.get(v)!.slot)).toEqual([0, 2, 1, 0, 2]);
  expect(plan.scratchPlaces.map((places) => places.map(({ slot }) => slot))).toEqual([[], [1], [], [], [], []]);
  expect(plan.slots).toEqual([480, 360, 240]);
  expect(plan.plannedBytes).toBe(1080);
  expect(plan.unplannedBytes).toBe(4 * (100 + 60 + 10 + 90 + 120 + 50));
});

it("lays small values side by side where a large one comes later", () => {
  const b = new GraphBuilder();
  const x = b.input("x", f32(4));
  const one = (inputs: readonly Value[], n: number): Value => b.apply(blank([n], []), inputs, {}, "")[0]!;
  const a = one([x], 64);
  const c = one([x], 64);
  const d = one([a], 64);
  const large = one([a, c, d], 1000);
  const late = one([x, large], 1000);
  b.output("y", one([late], 7));
  const graph = b.finish();
  const { slots, placeOf } = planMemory(graph, lower(graph));
  const slot = placeOf.get(late)!.slot;
  expect(placeOf.get(a)).toEqual({ slot, offset: 0 });
  expect(placeOf.get(c)).toEqual({ slot, offset: 256 });
  expect(placeOf.get(d)!.slot).not.toBe(slot); // its node reads a, which lies there
  expect(slots).toEqual([4000, 4000, 256]);
});
