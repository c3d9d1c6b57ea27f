import { f32 } from "@tlx/kernels";
import { activate, batchNorm, conv2d, globalAveragePool } from "@tlx/nn";
import {
  buildTransferGraph,
  defineModel,
  findModel,
  type Model,
  type ModelDefinition,
  withInputSize,
} from "@tlx/transfer";
import { describe, expect, it } from "vitest";

const definition: ModelDefinition = {
  name: "own",
  card: { inputSize: 32 },
  backbone(s, image) {
    const stem = s.at("stem");
    const y = conv2d(stem.at("conv"), image, { out: 4, kernel: 3, stride: 2, pad: 1 });
    const x = stem.mark(activate(stem, batchNorm(stem.at("norm"), y), "relu"));
    return s.at("top").mark(conv2d(s.at("top"), s.at("idle").mark(x), { out: 6, kernel: 1 }));
  },
};

describe("defineModel", () => {
  it("fills in what was left out", () => {
    const model = defineModel(definition);
    expect(model).toMatchObject({
      ...{ name: "own", headPath: "head" },
      preprocess: { resize: 37, crop: 32, mean: [0.485, 0.456, 0.406] },
      card: {
        ...{ title: "own", inputSize: 32, classes: 0, blocks: ["stem", "top"] },
        parameters: 27 * 4 + 8 + 24,
        multiplyAdds: 16 * 16 * (27 * 4 + 24),
        weights: { file: "own.safetensors" },
      },
    });
    const graph = buildTransferGraph(model, { batch: 2, form: "separate", classes: 3 });
    expect(graph.outputs.get("logits")?.spec.shape).toEqual([2, 3]);
  });

  it("keeps what was given, also of a network that it made", () => {
    const change = {
      card: { inputSize: 64, blocks: ["stem"], title: "Mine" },
      headPath: "fc",
      preprocess: { resize: 70 },
    };
    const model = defineModel({ ...definition, ...change });
    expect(model).toMatchObject({ headPath: "fc", preprocess: { resize: 70, crop: 64 }, card: change.card });
    const again = defineModel(model);
    expect([again.card, again.preprocess, again.headPath]).toEqual([model.card, model.preprocess, model.headPath]);
  });

  it.each<[string, unknown]>([
    ["expected an object such as", "resnet"],
    [
      "expected name to be lower case letters, digits, dots and dashes, found nothing",
      { ...definition, name: undefined },
    ],
    ['found "My Network"', { ...definition, name: "My Network" }],
    ['tlx has a network "resnet-18" already', { ...definition, name: "resnet-18" }],
    ["expected backbone to be a function (s, image) that returns features, found nothing", { name: "own" }],
    ["expected headPath to be", { ...definition, headPath: 3 }],
    ["inputSize in pixels", { ...definition, card: { inputSize: 22.5 } }],
    ["mean and std of three numbers", { ...definition, preprocess: { mean: [1, 2] } }],
    ["expected preprocess.crop to be the input size 32, found 30", { ...definition, preprocess: { crop: 30 } }],
    ["is a return missing?", { ...definition, backbone: () => undefined }],
    [
      "features [N, H, W, C], which the head averages, or [N, C], found f32[3]",
      { ...definition, backbone: (...[s]: Parameters<Model["backbone"]>) => s.param("vector", f32(3)) },
    ],
    ['has layers at "stem", where the head goes', { ...definition, headPath: "stem" }],
  ])("says %j", (message, wrong) => {
    expect(() => defineModel(wrong as ModelDefinition)).toThrow(
      expect.objectContaining({ code: "E_USAGE", message: expect.stringContaining(message) }),
    );
  });
});

it("takes features that need no average as they are", () => {
  const backbone = (...[s, image]: Parameters<Model["backbone"]>) => globalAveragePool(s, image);
  const graph = buildTransferGraph(defineModel({ ...definition, backbone }), {
    batch: 2,
    form: "separate",
    classes: 5,
  });
  expect(graph.params.get("head.weight")?.spec.shape).toEqual([3, 5]);
});

describe("withInputSize", () => {
  it("counts the work anew, of which a dense layer's does not grow", () => {
    const model = findModel("alexnet");
    const dense = 9216 * 4096 + 4096 * 4096 + 4096 * 1000;
    const { card } = withInputSize(model, 448);
    expect(card.multiplyAdds).toBeGreaterThan(4 * (model.card.multiplyAdds - dense));
    expect(card.multiplyAdds).toBeLessThan(4 * model.card.multiplyAdds - 3 * dense + 0.2e9);
  });

  it("keeps the share of the picture that the crop takes", () => {
    const model = withInputSize(findModel("mobilenet-v2"), 96);
    expect(model.preprocess).toMatchObject({ resize: 110, crop: 96 });
    expect(model.card.inputSize).toBe(96);
    const graph = buildTransferGraph(model, { batch: 1, form: "separate", classes: 2 });
    expect(graph.inputs.get("image")?.spec.shape).toEqual([1, 96, 96, 3]);
  });

  it("leaves the card's size as it is", () => {
    const model = findModel("squeezenet-1.1");
    expect(withInputSize(model, 0)).toBe(model);
    expect(withInputSize(model, 224)).toBe(model);
  });

  it("refuses sizes that shrink to nothing, and says the least", () => {
    const model = findModel("squeezenet-1.1");
    const least = Number(/at least (\d+)/.exec(messageOf(() => withInputSize(model, 2)))?.[1]);
    expect(least).toBeGreaterThan(2);
    expect(withInputSize(model, least).card.inputSize).toBe(least);
    expect(() => withInputSize(model, least - 1)).toThrow(expect.objectContaining({ code: "E_USAGE" }));
    expect(() => withInputSize(model, 7.5)).toThrow("expected a whole number of pixels");
  });
});

function messageOf(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    return (error as Error).message;
  }
  return "";
}
