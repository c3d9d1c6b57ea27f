/** What `flatten` lays together is written to its place at once, unless something forbids it; the result is the same. */
import { defaultCapabilities, f32, flatten, type Gpu, relu, relu6, type Spec, type Value } from "@tlx/kernels";
import { type Graph, GraphBuilder, lowerGraph, Program, planMemory } from "@tlx/nn";
import { beforeAll, expect, it } from "vitest";
import { testGpu } from "../../../test/support/gpu.js";
import { fillWeights, inputsOf, outputsOf } from "./support/small-net.js";

let gpu: Gpu;
beforeAll(async () => {
  gpu = await testGpu();
});

const bend = (b: GraphBuilder, x: Value, path: string): Value => b.apply(relu, [x], {}, path)[0]!;

function build(make: (b: GraphBuilder, x: Value) => readonly Value[]): Graph {
  const b = new GraphBuilder();
  const [whole] = b.apply(flatten, make(b, b.input("x", f32(3, 7))), {}, "whole");
  b.output("result", b.apply(relu6, [whole!], {}, "result")[0]!);
  return b.finish();
}

/** Paths of the values that are laid in place. */
function laid(graph: Graph): string[] {
  const { inside } = planMemory(graph, lowerGraph(graph, defaultCapabilities));
  return [...inside.keys()].map((v) => v.path);
}

/** Runs twice: what the first run leaves must not matter. */
async function expectRight(graph: Graph): Promise<void> {
  const weights = fillWeights(graph);
  const inputs = inputsOf(graph);
  const expected = outputsOf(graph, weights, inputs);
  const program = await Program.compile(gpu, graph, weights);
  try {
    for (const [name, data] of inputs) program.write(name, data);
    for (let run = 0; run < 2; run++) {
      program.run();
      for (const [name, values] of expected) {
        expect(Array.from((await program.read(name)).data), name).toEqual(Array.from(values, Math.fround));
      }
    }
  } finally {
    program.dispose();
  }
}

it("lays what is made here, without a launch of its own", async () => {
  const graph = build((b, x) => ["a", "b", "c"].map((path) => bend(b, path === "c" ? b.param("p", f32(65)) : x, path)));
  expect(laid(graph)).toEqual(["a", "b", "c"]);
  const nodes = lowerGraph(graph, defaultCapabilities);
  expect(nodes.map(({ lowered }) => lowered.dispatches.length)).toEqual([1, 1, 1, 1, 1]);
  const plan = planMemory(graph, nodes);
  expect(plan.plannedBytes).toBe(4 * (64 + 64 + 128));
  expect(plan.unplannedBytes).toBe(4 * (21 + 21 + 65 + 64 + 64 + 128));
  await expectRight(graph);
});

it("copies inputs, params, outputs, and what is laid twice", async () => {
  const graph = build((b, x) => {
    const named = bend(b, x, "named");
    b.output("named", named);
    const twice = bend(b, x, "twice");
    return [x, b.param("p", f32(5)), named, twice, twice, bend(b, x, "free")];
  });
  expect(laid(graph)).toEqual(["free"]);
  await expectRight(graph);
});

it("copies what is made from another part: a buffer is not read and written by one launch", async () => {
  const graph = build((b, x) => {
    const first = bend(b, x, "first");
    const second = bend(b, first, "second");
    return [first, second, bend(b, second, "third")];
  });
  expect(laid(graph)).toEqual(["first", "third"]);
  await expectRight(graph);
});

it("lays into a result that is an output", async () => {
  const b = new GraphBuilder();
  const x = b.input("x", f32(3, 7));
  b.output("whole", b.apply(flatten, [bend(b, x, "a"), bend(b, x, "b")], {}, "whole")[0]!);
  const graph = b.finish();
  expect(laid(graph)).toEqual(["a", "b"]);
  await expectRight(graph);
});

it("shares the result's memory with what is gone before its first part and with what comes after it", async () => {
  const b = new GraphBuilder();
  const spec: Spec = f32(200);
  const x = b.input("x", spec);
  let early = bend(b, x, "early");
  for (let i = 0; i < 4; i++) early = bend(b, early, `early ${i}`);
  const [whole] = b.apply(flatten, [bend(b, early, "a"), bend(b, early, "b")], {}, "whole") as [Value];
  let late = bend(b, whole, "late");
  for (let i = 0; i < 4; i++) late = bend(b, late, `late ${i}`);
  b.output("y", late);
  const graph = b.finish();
  const { placeOf } = planMemory(graph, lowerGraph(graph, defaultCapabilities));
  const own = placeOf.get(whole)!.slot;
  const beside = [...placeOf].filter(([v, { slot }]) => slot === own && v !== whole).map(([v]) => v.path);
  expect(beside).toContain("early 0");
  expect(beside).not.toContain("early 3");
  expect(beside).not.toContain("late");
  await expectRight(graph);
});
