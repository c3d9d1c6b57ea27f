import { f32, type HostTensor, type Spec, sizeOf, u32 } from "@tlx/kernels";
import { activate, batchNorm, conv2d, GraphBuilder, globalAveragePool, linear, Scope } from "@tlx/nn";
import { describe, expect, it } from "vitest";
import { describeFreeze } from "../src/freeze/describe.js";
import type { FreezePlan, FreezeRequest } from "../src/freeze/freeze-plan.js";
import { narrowFreeze } from "../src/freeze/resolve.js";
import { resolveFreeze } from "../src/freeze/resolve-freeze.js";
import { buildTransferGraph } from "../src/models/instantiate.js";
import { models } from "../src/models/registry.js";

/** Blocks "stem", "body.0", "body.1", "body.2" of convolution and batch norm, a lone convolution "neck", and "head". */
function network(norms = true) {
  const builder = new GraphBuilder();
  const s = new Scope(builder);
  let x = builder.input("image", f32(2, 6, 6, 3));
  for (const block of ["stem", "body.0", "body.1", "body.2"]) {
    x = conv2d(s.at(block).at("conv"), x, { out: 4, kernel: 1 });
    x = activate(s.at(block), norms ? batchNorm(s.at(block).at("norm"), x) : x, "relu");
    if (block === "stem") x = conv2d(s.at("neck"), x, { out: 4, kernel: 1, bias: true });
  }
  builder.output("logits", linear(s.at("head"), globalAveragePool(s, x), 3));
  return { graph: builder.finish(), blocks: ["stem", "body.0", "body.1", "body.2"], head: "head" };
}

const about = network();
const resolve = (request: FreezeRequest, input: Parameters<typeof resolveFreeze>[1] = about): FreezePlan =>
  resolveFreeze(request, input);
const trained = (request: FreezeRequest): string[] => [...resolve(request).trainable];
const head = ["head.weight", "head.bias"];

describe("what trains", () => {
  it.each<[FreezeRequest, string[]]>([
    [{}, head],
    [{ unfreeze: "head" }, head],
    [{ unfreeze: "last:1" }, ["body.2.conv.weight", ...head]],
    [{ unfreeze: "last:2", freeze: "head" }, ["body.1.conv.weight", "body.2.conv.weight"]],
    [{ train: "stem, body.1-2.**" }, ["stem.conv.weight", "body.1.conv.weight", "body.2.conv.weight", ...head]],
    [{ train: "body", freeze: "body.1" }, ["body.0.conv.weight", "body.2.conv.weight", ...head]],
    [{ train: "neck", freeze: "head,*.bias" }, ["neck.weight"]],
    [{ unfreeze: "all", freeze: "body, neck.bias" }, ["stem.conv.weight", "neck.weight", ...head]],
    [{ unfreeze: "all", freeze: "body, **.bias, neck", mask: "stem=0" }, ["head.weight"]],
    [
      { unfreeze: "last:1", batchNorm: "train" },
      ["body.2.conv.weight", "body.2.norm.weight", "body.2.norm.bias", ...head],
    ],
    [{ batchNorm: "train", train: "body.0.norm.bias" }, ["body.0.norm.bias", ...head]],
  ])("%j", (request, expected) => {
    expect(trained(request)).toEqual(expected);
  });

  it("is in the plan of every param, in the order of the graph", () => {
    const plan = resolve({ train: "body.2", rates: "body.2=0.25", mask: "body.2=0.5" });
    expect([...plan.params.keys()]).toEqual([...about.graph.params.keys()]);
    expect(plan.params.get("body.2.conv.weight")).toEqual({ block: "body.2", trained: true, mask: 0.5, rate: 0.25 });
    expect(plan.params.get("body.2.norm.weight")).toEqual({ block: "body.2", trained: false, mask: 0, rate: 0 });
    expect(plan.params.get("neck.weight")).toEqual({ trained: false, mask: 0, rate: 0 });
    expect(plan.params.get("head.bias")).toEqual({ block: "head", trained: true, mask: 1, rate: 1 });
  });

  it("makes the batch norms of which anything trains follow the batch", () => {
    expect([...resolve({ unfreeze: "all" }).batchNorms]).toEqual([]);
    expect([...resolve({ batchNorm: "train" }).batchNorms]).toEqual([]);
    expect([...resolve({ unfreeze: "last:2", batchNorm: "train" }).batchNorms]).toEqual(["body.1.norm", "body.2.norm"]);
    const some: FreezeRequest = { unfreeze: "last:2", batchNorm: "train", freeze: "body.1.norm, body.2.norm.weight" };
    expect([...resolve(some).batchNorms]).toEqual(["body.2.norm"]);
  });

  it("can wait for a later phase", () => {
    const whole = resolve({ unfreeze: "last:2", batchNorm: "train", mask: "body.2=0.5" });
    const later = narrowFreeze(whole, about.graph, (path) => !path.startsWith("body.1"));
    expect(later).toEqual(resolve({ unfreeze: "last:1", batchNorm: "train", mask: "body.2=0.5" }));
    expect([...narrowFreeze(whole, about.graph, (path) => path.startsWith("head")).trainable]).toEqual(head);
    expect(() => narrowFreeze(whole, about.graph, () => false)).toThrow("nothing is left to train in this phase");
  });
});

describe("masks", () => {
  const weight = (request: FreezeRequest, path = "neck.weight") => resolve(request).params.get(path)!;

  it("of output channels are laid along the last dimension", () => {
    const { mask, elements } = weight({ train: "neck", mask: "neck.weight[0:2]=0, neck.weight[3:4]=0.5" });
    expect(mask).toBe(1);
    expect([...elements!]).toEqual(Array(4).fill([0, 0, 1, 0.5]).flat());
    expect([...weight({ train: "neck", mask: "neck[0:2]=0" }, "neck.bias").elements!]).toEqual([0, 0, 1, 1]);
  });

  it("that say one value for all channels are one number, and frozen where it is 0", () => {
    expect(weight({ train: "neck", mask: "neck.weight[0:2]=0.5,neck.weight[2:4]=0.5" })).toMatchObject({ mask: 0.5 });
    expect(weight({ train: "neck", mask: "neck.weight[0:4]=0" })).toEqual({ trained: false, mask: 0, rate: 0 });
    expect(weight({ train: "neck", mask: "neck.weight=1, neck=1" })).toMatchObject({ mask: 1, trained: true });
  });

  const tensor = (spec: Spec, value: (i: number) => number): HostTensor => ({
    spec,
    data: Float32Array.from({ length: sizeOf(spec) }, (_, i) => value(i)),
  });
  const spec = f32(1, 1, 4, 4);
  const elements = (given: HostTensor, path = "neck.weight"): FreezeRequest["elements"] => new Map([[path, given]]);

  it("of elements join those of patterns", () => {
    const odd = elements(tensor(spec, (i) => i % 2));
    const expected = Array.from({ length: 16 }, (_, i) => i % 2);
    expect([...weight({ train: "neck", elements: odd }).elements!]).toEqual(expected);
    const halved = weight({ train: "neck", elements: odd, mask: "neck.weight=0.5" });
    expect([...halved.elements!]).toEqual(expected.map((v) => v / 2));
    const cut = weight({ train: "neck", elements: odd, mask: "neck.weight[1:2]=0" });
    expect([...cut.elements!]).toEqual(expected.map((v, i) => (i % 4 === 1 ? 0 : v)));
  });

  it("of elements may be of any type, leave all, and freeze when they leave none", () => {
    const words = { spec: u32(1, 1, 4, 4), data: new Uint32Array(16).fill(1) };
    expect(weight({ train: "neck", elements: elements(words) })).toEqual({ trained: true, mask: 1, rate: 1 });
    expect(weight({ train: "neck", elements: elements(tensor(spec, () => 0)) }).trained).toBe(false);
  });

  it.each<[FreezeRequest, string, string]>([
    [
      { elements: elements(tensor(f32(4, 4), () => 1)) },
      "E_USAGE",
      '"neck.weight" is f32[1, 1, 4, 4], stored as [4, 4, 1, 1]; found a mask f32[4, 4]',
    ],
    [{ elements: elements({ spec, data: new Float32Array(3) }) }, "E_USAGE", "of 3 elements"],
    [{ elements: elements(tensor(spec, () => 0.5)) }, "E_USAGE", 'only 0 and 1 for "neck.weight", found 0.5'],
    [{ elements: elements(tensor(spec, () => Number.NaN)) }, "E_USAGE", "found NaN"],
    [
      {
        elements: elements(
          tensor(spec, () => 1),
          "nek.weight",
        ),
      },
      "E_USAGE",
      'did you mean "neck.weight"',
    ],
    [
      {
        elements: elements(
          tensor(spec, () => 1),
          "neck",
        ),
      },
      "E_USAGE",
      '"neck" is a module',
    ],
    [
      {
        elements: elements(
          tensor(spec, () => 1),
          "stem.conv.weight",
        ),
      },
      "E_USAGE",
      '"stem.conv.weight" is f32[1, 1, 3, 4]',
    ],
  ])("of elements are refused: %#", (request, code, message) => {
    expect(() => resolve({ train: "neck", ...request })).toThrow(expect.objectContaining({ code }));
    expect(() => resolve({ train: "neck", ...request })).toThrow(message);
  });
});

describe("rates", () => {
  const rates = (request: FreezeRequest, pretrained = true): Record<string, number> => {
    const { params } = resolve({ unfreeze: "all", ...request }, { ...about, pretrained });
    return Object.fromEntries([...params].filter(([, p]) => p.trained).map(([path, p]) => [path, p.rate]));
  };

  it("fall from block to block before the head, and beside the blocks with those that follow", () => {
    expect(rates({ layerDecay: 0.5, baseRate: 0.5 })).toEqual({
      ...{ "stem.conv.weight": 0.5 ** 5, "neck.weight": 0.5 ** 5, "neck.bias": 0.5 ** 5 },
      ...{ "body.0.conv.weight": 0.5 ** 4, "body.1.conv.weight": 0.5 ** 3, "body.2.conv.weight": 0.5 ** 2 },
      ...{ "head.weight": 1, "head.bias": 1 },
    });
  });

  it("are taken as they are where they are named, also of the head", () => {
    const found = rates({ layerDecay: 0.5, baseRate: 0.1, rates: "body.2=0.3, stem.**=0.01, head.bias=2" });
    expect(found).toMatchObject({ "body.2.conv.weight": 0.3, "stem.conv.weight": 0.01, "head.bias": 2 });
    expect(found["body.1.conv.weight"]).toBe(0.1 * 0.5 ** 2);
  });

  it("know no base where nothing is pretrained", () => {
    expect(new Set(Object.values(rates({ baseRate: 0.1 }, false)))).toEqual(new Set([1]));
  });
});

it.each<[FreezeRequest, string]>([
  [{ unfreeze: "last:5" }, 'unfreeze: this network has 4 blocks, found "last:5"; use "all"'],
  [{ unfreeze: "last:0" }, 'expected "head", "last:N" with N of at least 1, or "all", found "last:0"'],
  [{ unfreeze: "last:x" }, 'found "last:x"'],
  [{ unfreeze: "" }, 'found ""'],
  [{ train: "bodi.**" }, 'train: "bodi.**" matches no param of this network; did you mean "body"'],
  [{ freeze: "nek" }, 'freeze: "nek" matches no param'],
  [{ mask: "nek=0" }, 'mask: "nek" matches no param'],
  [{ rates: "nek=1" }, 'rates: "nek" matches no param'],
  [{ train: "body.1", freeze: "body.1" }, '--train "body.1" and --freeze "body.1" contradict each other'],
  [{ train: "body.1.conv", freeze: "body" }, '--train "body.1.conv" and --freeze "body" contradict each other'],
  [{ train: "body.1.norm" }, 'train: "body.1.norm" names only batch norm, which is frozen; add --batchnorm train'],
  [{ freeze: "head" }, "everything is frozen, so there is nothing to train"],
  [{ mask: "head=0" }, "everything is frozen"],
  [{ mask: "head" }, 'mask: expected "pattern=value" or "pattern[from:to]=value", found "head"'],
  [{ mask: "head=2" }, 'with a number from 0 to 1 as value, found "2" in "head=2"'],
  [{ mask: "head=-1" }, 'found "-1"'],
  [{ mask: "head=NaN" }, 'found "NaN"'],
  [{ mask: "head=" }, 'found "" in "head="'],
  [{ mask: "=1" }, "mask: expected a pattern such as"],
  [{ mask: "head[0:1=1" }, 'found "[0:1"'],
  [{ mask: "head[1:1]=1" }, 'found a range without channels in "head[1:1]=1"'],
  [{ mask: "head[0:4]=0" }, '"head.weight" has 3 output channels, found "head[0:4]=0"; end it at 3'],
  [{ mask: "head=0.5, head.bias=0.25" }, 'mask: "head=0.5" and "head.bias=0.25" disagree about "head.bias"'],
  [{ mask: "head=0.5, head[1:2]=0" }, '"head=0.5" and "head[1:2]=0" disagree about "head.weight"'],
  [{ mask: "body.**=0.5" }, 'mask: "body.**=0.5" names only frozen params'],
  [{ train: "body.1", mask: "body.1.norm=0.5" }, 'mask: "body.1.norm=0.5" names only frozen params'],
  [
    { elements: new Map([["neck.bias", { spec: f32(4), data: new Float32Array(4) }]]) },
    'element mask: "neck.bias" names only frozen params',
  ],
  [{ rates: "body.**=0.5" }, 'rates: "body.**=0.5" names only frozen params'],
  [{ rates: "head=0" }, 'with a number above 0 as value, found "0"'],
  [{ rates: "head=1e999" }, 'found "1e999"'],
  [{ rates: "head[0:1]=1" }, 'rates: expected "pattern=value", found "[0:1]"'],
  [{ rates: "head=1, head.bias=2" }, 'rates: "head=1" and "head.bias=2" disagree about "head.bias"'],
  [{ layerDecay: 0 }, "layerDecay: expected a number above 0, found 0"],
  [{ baseRate: Number.NaN }, "baseRate: expected a number above 0, found NaN"],
])("refuses %j", (request, message) => {
  expect(() => resolve(request)).toThrow(message);
  expect(() => resolve(request)).toThrow(expect.objectContaining({ code: "E_USAGE" }));
});

it("refuses to train batch norm where there is none", () => {
  expect(() => resolve({ batchNorm: "train" }, network(false))).toThrow(
    "batchnorm: there is no batch norm to train: the network has none, or its weights come with them folded",
  );
});

describe("the printed plan", () => {
  it("has a row for each block, for the head and for what lies beside", () => {
    const plan = resolve({
      ...{
        unfreeze: "last:2",
        train: "neck",
        batchNorm: "train",
        freeze: "body.1.norm",
        baseRate: 0.1,
        layerDecay: 0.5,
      },
      ...{ mask: "neck.weight[0:1]=0, neck.weight[1:2]=0.5" },
    });
    expect(describeFreeze(plan, about.graph)).toEqual([
      { block: "stem", params: 3, trainedElements: 0, elements: 20, mask: "", rate: "", batchNorm: "frozen" },
      { block: "neck", params: 2, trainedElements: 16, elements: 20, mask: "0 to 1", rate: "0.00625", batchNorm: "" },
      { block: "body.0", params: 3, trainedElements: 0, elements: 24, mask: "", rate: "", batchNorm: "frozen" },
      { block: "body.1", params: 3, trainedElements: 16, elements: 24, mask: "1", rate: "0.025", batchNorm: "frozen" },
      { block: "body.2", params: 3, trainedElements: 24, elements: 24, mask: "1", rate: "0.05", batchNorm: "trained" },
      { block: "head", params: 2, trainedElements: 15, elements: 15, mask: "1", rate: "1", batchNorm: "" },
    ]);
  });
});

describe.each(models)("$name", (model) => {
  const form = "separate";
  const graph = buildTransferGraph(model, { batch: 1, form, classes: 3 });
  const input = { graph, blocks: model.card.blocks, head: model.headPath };
  const hasNorms = graph.nodes.some((n) => n.op.name === "batchNorm");

  it("trains its last N blocks and the head, for every N", () => {
    const { blocks } = model.card;
    for (let n = 1; n <= blocks.length; n++) {
      const plan = resolve({ unfreeze: `last:${n}` }, input);
      const found = new Set([...plan.trainable].map((path) => plan.params.get(path)!.block));
      expect([...found]).toEqual([...blocks.slice(-n), model.headPath]);
    }
    const message = `this network has ${blocks.length} blocks`;
    expect(() => resolve({ unfreeze: `last:${blocks.length + 1}` }, input)).toThrow(message);
  });

  it("trains everything but batch norms, and these when asked to", () => {
    const norms = [...graph.params.values()].filter((v) =>
      graph.nodes.some((n) => n.op.name === "batchNorm" && n.inputs.includes(v)),
    );
    const all = graph.params.size;
    expect(resolve({ unfreeze: "all" }, input).trainable.size).toBe(all - norms.length);
    if (hasNorms) expect(resolve({ unfreeze: "all", batchNorm: "train" }, input).trainable.size).toBe(all);
    else expect(() => resolve({ batchNorm: "train" }, input)).toThrow("there is no batch norm to train");
  });
});
