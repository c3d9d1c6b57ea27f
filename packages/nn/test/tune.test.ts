import {
  add,
  cropImage,
  f32,
  type Gpu,
  matmul,
  multiply,
  type NoParams,
  type Op,
  problemKey,
  u8,
  type Value,
} from "@tlx/kernels";
import {
  choicesFor,
  decisiveChoices,
  GraphBuilder,
  lowerGraph,
  type Network,
  Program,
  type TunedChoice,
  tunePrograms,
} from "@tlx/nn";
import { beforeAll, describe, expect, it } from "vitest";
import { testGpu } from "../../../test/support/gpu.js";
import { inputsOf, network } from "./support/small-net.js";

let gpu: Gpu;
beforeAll(async () => {
  gpu = await testGpu();
});

/** a [M, K] and b [K, N] -> "y", and twice that. */
function products(m = 131, k = 190, n = 150): Network {
  const b = new GraphBuilder();
  const inputs = [b.input("a", f32(m, k)), b.input("b", f32(k, n))];
  const [y] = b.apply(matmul, inputs, { activation: "none" }, "product") as [Value];
  const [again] = b.apply(matmul, inputs, { activation: "none" }, "again") as [Value];
  b.output("y", y);
  b.output("again", again);
  return network(b.finish());
}

function sums(op: Op<NoParams>): Network {
  const b = new GraphBuilder();
  const inputs = [b.input("a", f32(257, 131)), b.input("b", f32(257, 131))];
  const [y] = b.apply(op, inputs, {}, "sum") as [Value];
  b.output("y", y);
  return network(b.finish());
}

async function resultOf(
  { graph, weights }: Network,
  choices?: ReadonlyMap<string, TunedChoice>,
): Promise<Float32Array> {
  const program = await Program.compile(gpu, graph, weights, choices && { choices });
  try {
    for (const [name, data] of inputsOf(graph)) program.write(name, data);
    program.run();
    return (await program.read("y")).data as Float32Array;
  } finally {
    program.dispose();
  }
}

const plainAdd = { ...add.variants[0]!, settings: undefined };
/** A sum that has a variant which computes something else, one that writes a part only, and one that does not compile. */
const brokenAdd: Op<NoParams> = {
  ...add,
  name: "brokenAdd",
  variants: [
    { ...multiply.variants[0]!, name: "product", settings: undefined },
    {
      ...plainAdd,
      name: "partly",
      lower(problem, caps) {
        const lowered = plainAdd.lower(problem, caps);
        return { ...lowered, dispatches: lowered.dispatches.map((d) => ({ ...d, workgroups: [3, 1, 1] as const })) };
      },
    },
    {
      ...plainAdd,
      name: "unreadable",
      lower(problem, caps) {
        const lowered = plainAdd.lower(problem, caps);
        const broken = lowered.dispatches.map((d) => ({ ...d, kernel: { ...d.kernel, code: `${d.kernel.code} ;)` } }));
        return { ...lowered, dispatches: broken };
      },
    },
    plainAdd,
  ],
};

describe("tunePrograms", () => {
  it("chooses for every distinct problem what runs on this device and computes the same", async () => {
    const before = gpu.liveBytes;
    const net = products();
    const { choices, report } = await tunePrograms(gpu, [net.graph, net.graph]);
    expect(gpu.liveBytes).toBe(before);
    expect([...choices.keys()]).toEqual([problemKey(matmul, { ...problemOf(net) })]);
    expect(report).toMatchObject({ skipped: [], known: 0, left: 0 });
    const [tuned] = report.tuned;
    expect(tuned).toMatchObject({ op: "matmul", count: 4, failed: [] });
    expect(tuned!.chosenMs).toBeLessThanOrEqual(tuned!.defaultMs);
    expect(tuned!.candidates).toBeGreaterThan(1);
    const [plain, chosen] = [await resultOf(net), await resultOf(net, choices)];
    const apart = Math.max(...plain.map((v, i) => Math.abs(v - chosen[i]!)));
    expect(apart).toBeLessThan(1e-4);
    expect(choicesFor([net.graph], choices, gpu.capabilities)).toEqual(choices);
  });

  it("never chooses a variant that computes something else, and says what was wrong", async () => {
    const net = sums(brokenAdd);
    const { choices, report } = await tunePrograms(gpu, [net.graph]);
    expect([...choices.values()]).toMatchObject([{ variant: "plain" }]);
    expect(report.tuned[0]!.failed.map(({ variant }) => variant)).toEqual(["product", "partly", "unreadable"]);
    expect(report.tuned[0]!.failed.map(({ reason }) => reason)).toEqual([
      expect.stringMatching(/^output 0: expected .* found /),
      expect.stringMatching(/found NaN/),
      expect.stringMatching(/does not compile/),
    ]);
    const sum = await resultOf(net, choices);
    const inputs = inputsOf(net.graph);
    expect(sum[5]).toBe(Math.fround(inputs.get("a")![5]! + inputs.get("b")![5]!));
  });

  it("times nothing that is known, unless its kernels have changed", async () => {
    const { graph } = sums(brokenAdd);
    const first = await tunePrograms(gpu, [graph]);
    const second = await tunePrograms(gpu, [graph], { known: first.choices });
    expect(second.report).toMatchObject({ tuned: [], known: 1 });
    expect(second.choices).toEqual(first.choices);
    const stale = new Map([...first.choices].map(([key, choice]) => [key, { ...choice, kernels: "0" }]));
    expect(choicesFor([graph], stale, gpu.capabilities).size).toBe(0);
    expect((await tunePrograms(gpu, [graph], { known: stale })).report.tuned).toHaveLength(1);
  });

  it("decides nothing without a budget, or after an abort, and says what is left", async () => {
    const { graph } = products();
    for (const options of [{ budgetMs: 0 }, { signal: AbortSignal.abort() }]) {
      const { choices, report } = await tunePrograms(gpu, [graph], options);
      expect(choices.size).toBe(0);
      expect(report).toMatchObject({ tuned: [], left: 1 });
    }
  });

  it("leaves out tiny problems, and those whose inputs cannot be made up", async () => {
    const b = new GraphBuilder();
    const params = { top: 0, left: 0, height: 128, width: 128 };
    const crop = { ...cropImage, variants: [...cropImage.variants, { ...cropImage.variants[0]!, name: "again" }] };
    const [y] = b.apply(crop, [b.input("x", u8(8, 128, 128, 4))], params, "crop") as [Value];
    b.output("y", y);
    const tiny = products(3, 5, 7);
    const { choices, report } = await tunePrograms(gpu, [b.finish(), tiny.graph]);
    expect(choices.size).toBe(0);
    expect(report).toMatchObject({ tuned: [], left: 0, skipped: [{ reason: "its inputs cannot be made up" }] });
  });
});

const problemOf = ({ graph }: Network) => {
  const { inputs, outputs, params } = graph.nodes[0]!;
  return { inputs: inputs.map((v) => v.spec), outputs: outputs.map((v) => v.spec), params: params as never };
};

describe("decisiveChoices", () => {
  it("are those that replace a default", () => {
    const net = products();
    const key = problemKey(matmul, problemOf(net));
    const caps = { ...gpu.capabilities };
    const of = (variant: string) => decisiveChoices(net.graph, new Map([[key, { variant }]]), caps);
    const usual = lowerGraph(net.graph, caps)[0]!.variant;
    expect(of(usual).size).toBe(0);
    expect(of("no such variant").size).toBe(0);
    const other = matmul.variants.find((v) => v.name !== usual && !v.precision && v.fits(problemOf(net), caps))!.name;
    expect([...of(other).keys()]).toEqual([key]);
  });
});
