import { readFileSync } from "node:fs";
import path from "node:path";
import { type HostTensor, sizeOf, TlxError } from "@tlx/kernels";
import type { Graph } from "@tlx/nn";
import {
  type BatchNormForm,
  buildNetworkGraph,
  buildTransferGraph,
  exportTensors,
  findModel,
  imagenetLabels,
  loadBackbone,
  loadPretrained,
  loadTransferred,
  type Model,
  models,
  parseSafetensors,
  writeSafetensors,
} from "@tlx/transfer";
import { describe, expect, it } from "vitest";
import { countMultiplyAdds, countParameters } from "../src/models/count-work.js";

const forms: readonly BatchNormForm[] = ["separate", "folded"];

/** A checkpoint of zeros in the layout of files. */
function zeroCheckpoint(graph: Graph): ReturnType<typeof parseSafetensors> {
  const tensors = [...graph.params, ...graph.states].map(([path, { spec }]): [string, HostTensor] => [
    path,
    { spec, data: new Float32Array(sizeOf(spec)) },
  ]);
  return parseSafetensors(writeSafetensors(exportTensors(new Map(tensors))));
}

function caught(run: () => unknown): TlxError {
  try {
    run();
  } catch (error) {
    if (error instanceof TlxError) return error;
    throw error;
  }
  throw new Error("expected a TlxError, nothing was thrown");
}

describe.each(models)("$name", (model: Model) => {
  const { card } = model;
  const graphOf = (form: BatchNormForm): Graph => buildNetworkGraph(model, { batch: 1, form });

  it("has the parameters and multiply-adds of its card", () => {
    const graph = graphOf("separate");
    expect(countParameters(graph)).toBe(card.parameters);
    expect(countMultiplyAdds(graph)).toBe(card.multiplyAdds);
  });

  it.each(forms)("marks every block of its card, %s", (form) => {
    const graph = graphOf(form);
    expect([...graph.marks.keys()]).toEqual(expect.arrayContaining([...card.blocks]));
    for (const block of card.blocks) {
      expect([...graph.params.keys()].some((path) => path.startsWith(`${block}.`))).toBe(true);
    }
  });

  it.each(forms)("loads a checkpoint of its own, %s", (form) => {
    const network = loadPretrained(model, zeroCheckpoint(graphOf(form)), { batch: 3 });
    expect(network.graph.inputs.get("image")?.spec.shape).toEqual([3, card.inputSize, card.inputSize, 3]);
    const output = model.classifier ? network.graph.outputs.get("logits") : network.graph.outputs.get("features");
    expect(output?.spec.shape[0]).toBe(3);
    if (model.classifier) expect(output?.spec.shape[1]).toBe(card.classes);
    expect(network.weights.size).toBe(network.graph.params.size + network.graph.states.size);
  });

  it("takes its backbone from a checkpoint whose classifier has other classes, and gives it a new head", () => {
    const published = buildNetworkGraph(model, { batch: 1, form: "separate", classes: 7 });
    const { form, weights } = loadBackbone(model, zeroCheckpoint(published));
    const options = { batch: 2, form, classes: 5 };
    const graph = buildTransferGraph(model, options);
    const head = [...graph.params.keys()].filter((path) => !weights.has(path));
    expect(head).toEqual([`${model.headPath}.weight`, `${model.headPath}.bias`]);
    expect([...weights.keys()].filter((path) => !graph.params.has(path) && !graph.states.has(path))).toEqual([]);
    expect(graph.outputs.get("logits")?.spec.shape).toEqual([2, 5]);
    const loaded = loadTransferred(model, zeroCheckpoint(graph), options);
    expect([...loaded.weights.keys()].sort()).toEqual([...graph.params.keys(), ...graph.states.keys()].sort());
  });

  it("takes its backbone from what a training wrote, whatever the head", () => {
    const trained = buildTransferGraph(model, { batch: 1, form: "folded", classes: 3, hidden: 4 });
    const { form, weights } = loadBackbone(model, zeroCheckpoint(trained));
    expect(form).toBe("folded");
    expect([...weights.keys()].some((path) => path.startsWith(`${model.headPath}.`))).toBe(false);
  });

  it.each(models.filter((other) => other !== model))("refuses weights of $name", (other) => {
    const checkpoint = zeroCheckpoint(buildNetworkGraph(other, { batch: 1, form: "separate" }));
    const error = caught(() => loadPretrained(model, checkpoint, { batch: 1 }));
    expect(error.code).toBe("E_WEIGHTS");
    expect(error.message).toContain(`${model.name}: `);
    expect(error.message).toContain(`these look like weights of ${other.name}`);
    expect(error.message).toMatch(/missing|not expected/);
  });
});

it.each(models.filter(({ card }) => card.weights.shipped))(
  "$name comes with the package, for whoever asks for its address",
  (model) => {
    const { exports, files } = JSON.parse(readFileSync(path.join(import.meta.dirname, "../package.json"), "utf8"));
    const name = `./weights/${model.card.weights.file}`;
    expect(exports[name]).toBe(name);
    expect(files).toContain("weights/*.safetensors");
  },
);

it("publishes the parameter counts that papers and torchvision give", () => {
  expect(findModel("mobilenet-v2").card.parameters).toBe(3_504_872);
  expect(findModel("squeezenet-1.1").card.parameters).toBe(1_235_496);
  expect(findModel("resnet-18").card.parameters).toBe(11_689_512);
});

it("names block 1 of the two MobileNetV2 as their files do", () => {
  const pathsOf = (name: string): string[] => [
    ...buildNetworkGraph(findModel(name), { batch: 1, form: "separate" }).params.keys(),
  ];
  expect(pathsOf("mobilenet-v2").filter((p) => p.startsWith("features.1."))).toEqual([
    "features.1.conv.0.0.weight",
    "features.1.conv.0.1.weight",
    "features.1.conv.0.1.bias",
    "features.1.conv.1.weight",
    "features.1.conv.2.weight",
    "features.1.conv.2.bias",
  ]);
  expect(pathsOf("mobilenet-v2-gluon")).toContain("features.1.conv.3.bias");
});

it("lists every missing, extra and misfitting tensor with the model's name", () => {
  const model = findModel("squeezenet-1.1");
  const checkpoint = zeroCheckpoint(buildNetworkGraph(model, { batch: 1, form: "folded", classes: 10 }));
  const tensors = new Map(checkpoint.tensors);
  tensors.set("extra.weight", tensors.get("features.0.bias")!);
  tensors.delete("features.0.bias");
  const error = caught(() => loadPretrained(model, { ...checkpoint, tensors }, { batch: 1 }));
  expect(error.message).toContain("squeezenet-1.1: ");
  for (const name of ["features.0.bias", "extra.weight", "classifier.1.weight", "classifier.1.bias"]) {
    expect(error.message).toContain(name);
  }
});

it("refuses an unknown model and lists the known ones", () => {
  const error = caught(() => findModel("mobilenet-v9"));
  expect(error.code).toBe("E_USAGE");
  for (const { name } of models) expect(error.message).toContain(name);
});

it("refuses a head without classes", () => {
  const build = (): Graph => buildTransferGraph(models[0], { batch: 1, form: "folded", classes: 0 });
  expect(caught(build).code).toBe("E_USAGE");
});

it("has a label for each of ImageNet's classes", () => {
  expect(imagenetLabels.length).toBe(1000);
  expect(imagenetLabels[0]).toContain("tench");
  expect(imagenetLabels[999]).toContain("toilet");
});
