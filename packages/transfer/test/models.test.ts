import { readFileSync, writeFileSync } from "node:fs";
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
import { storedShape } from "../src/weights/layout.js";
import { networkOf } from "../src/weights/signatures.js";

const forms: readonly BatchNormForm[] = ["separate", "folded"];

/** A checkpoint of zeros in the layout of files. */
function zeroCheckpoint(graph: Graph): ReturnType<typeof parseSafetensors> {
  const tensors = [...graph.params, ...graph.states].map(([path, { spec }]): [string, HostTensor] => [
    path,
    { spec, data: new Float32Array(sizeOf(spec)) },
  ]);
  return parseSafetensors(writeSafetensors(exportTensors(new Map(tensors))));
}

/** Names and shapes only: what is refused is refused before a number is read. */
function namesOf(model: Model): ReturnType<typeof parseSafetensors> {
  const { params, states } = buildNetworkGraph(model, { batch: 1, form: "separate" });
  const tensors = [...params, ...states].map(([name, { spec }]) => {
    return [name, { name, dtype: "F32", shape: storedShape(spec.shape), bytes: new Uint8Array() }] as const;
  });
  return { tensors: new Map(tensors), metadata: new Map() };
}

const checkpoints = new Map(models.map((model) => [model, namesOf(model)]));
const shapesOf = (model: Model): string =>
  JSON.stringify([...checkpoints.get(model)!.tensors.values()].map(({ name, shape }) => [name, shape]));
const signatureOf = (model: Model): string | undefined => networkOf(new Set(checkpoints.get(model)!.tensors.keys()));

/** Those whose weights are read within a second; a deep run reads all. */
const readable = models.filter(({ card }) => process.env.TLX_DEEP || card.parameters < 12e6);

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

  it("refuses weights of every other network", () => {
    for (const other of models) {
      if (shapesOf(other) === shapesOf(model)) continue; // told apart by their computation alone
      const error = caught(() => loadPretrained(model, checkpoints.get(other)!, { batch: 1 }));
      expect(error.code).toBe("E_WEIGHTS");
      expect(error.message).toContain(`${model.name}: `);
      expect(error.message).toMatch(/missing|not expected|of another shape/);
      if (signatureOf(other) !== signatureOf(model)) {
        expect(error.message).toContain(`these look like weights of ${signatureOf(other)}`);
      }
    }
  });

  it("is known by its tensors, or one that has tensors of the same names is", () => {
    const known = findModel(signatureOf(model)!);
    const [own, found] = [model, known].map((m) => [...checkpoints.get(m)!.tensors.keys()]);
    expect(found).toEqual(own);
  });
});

describe.each(readable)("$name", (model: Model) => {
  const { card } = model;
  const graphOf = (form: BatchNormForm): Graph => buildNetworkGraph(model, { batch: 1, form });

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

/** A network as docs/networks.md shows it. */
function rowOf({ name, card, headPath }: Model): string {
  const { weights, inputSize, parameters, multiplyAdds, blocks } = card;
  const digits = weights.sha256Prefix ?? "as the host says";
  const link = weights.url && `[${digits}](${weights.url})${weights.untried ? " \\*" : ""}`;
  const numbers = [inputSize, (parameters / 1e6).toFixed(2), (multiplyAdds / 1e9).toFixed(3), blocks.length];
  const cells = [`\`${name}\``, ...numbers, `\`${headPath}\``, link ?? (weights.shipped ? "come with tlx" : "")];
  return `| ${cells.join(" | ")} |`;
}

it("is told of in docs/networks.md, which TLX_UPDATE writes", () => {
  const file = path.join(import.meta.dirname, "../../../docs/networks.md");
  const page = readFileSync(file, "utf8");
  const table = page.replace(/(\n\| --- .*\n)(\|.*\n)*/, (_, head) => `${head}${models.map(rowOf).join("\n")}\n`);
  if (process.env.TLX_UPDATE && !process.env.CI) writeFileSync(file, table);
  expect(table, "the cards changed; run: TLX_UPDATE=1 npm test -- models").toBe(readFileSync(file, "utf8"));
});

it("publishes the parameter counts that papers and torchvision give", () => {
  expect(findModel("alexnet").card.parameters).toBe(61_100_840);
  expect(findModel("inception-v3").card.parameters).toBe(27_161_264 - 3_326_696); // without the auxiliary classifier
  expect(findModel("efficientnet-b0").card.parameters).toBe(5_288_548);
  expect(findModel("mobilenet-v2").card.parameters).toBe(3_504_872);
  expect(findModel("mobilenet-v3-large").card.parameters).toBe(5_483_032);
  expect(findModel("mobilenet-v3-small").card.parameters).toBe(2_542_856);
  expect(findModel("squeezenet-1.0").card.parameters).toBe(1_248_424);
  expect(findModel("squeezenet-1.1").card.parameters).toBe(1_235_496);
  expect(findModel("resnet-18").card.parameters).toBe(11_689_512);
  expect(findModel("resnet-34").card.parameters).toBe(21_797_672);
  expect(findModel("resnet-50").card.parameters).toBe(25_557_032);
  expect(findModel("resnet-101").card.parameters).toBe(44_549_160);
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

it("publishes the multiply-adds that torchvision gives, in milliards", () => {
  const published = {
    alexnet: 0.714,
    "efficientnet-b0": 0.386,
    "inception-v3": 5.713,
    "mobilenet-v2": 0.301,
    "mobilenet-v3-large": 0.217,
    "mobilenet-v3-small": 0.057,
    "resnet-18": 1.814,
    "resnet-34": 3.664,
    "resnet-50": 4.089,
    "resnet-101": 7.801,
    "squeezenet-1.0": 0.819,
    "squeezenet-1.1": 0.349,
  };
  const found = Object.keys(published).map((name) => [
    name,
    Number((findModel(name).card.multiplyAdds / 1e9).toFixed(3)),
  ]);
  expect(Object.fromEntries(found)).toEqual(published);
});

it("publishes what MobileNetV2's authors give for its widths: millions of parameters and of multiply-adds", () => {
  const found = ["0.35", "0.5", "0.75", "1.3", "1.4"].map((width) => {
    const { parameters, multiplyAdds } = findModel(`mobilenet-v2-${width}`).card;
    return [(parameters / 1e6).toFixed(1), Math.round(multiplyAdds / 1e6)];
  });
  expect(found).toEqual([
    ["1.7", 59],
    ["2.0", 97],
    ["2.6", 209],
    ["5.4", 509],
    ["6.1", 582],
  ]);
});

it("passes over the auxiliary classifier that Inception-v3 was trained with", () => {
  const model = findModel("inception-v3");
  const tensors = new Map(namesOf(model).tensors);
  const aux = { name: "AuxLogits.fc.bias", dtype: "F32", shape: [1000], bytes: new Uint8Array(4000) };
  const other = { ...aux, name: "AuxLogitsOther.bias" };
  tensors.delete("fc.bias");
  tensors.set(aux.name, aux).set(other.name, other);
  const { details } = caught(() => loadPretrained(model, { tensors, metadata: new Map() }, { batch: 1 }));
  expect(details).toMatchObject({ missing: ["fc.bias"], extra: [other.name] });
});
