/** Networks with made weights, batch norms that do something among them, as tlx export takes them. */
import { f32, type Gpu, type HostTensor, type Spec, sizeOf } from "@tlx/kernels";
import { randomFrom } from "@tlx/kernels/testing";
import type { Graph, Weights } from "@tlx/nn";
import { buildNetworkGraph, buildTransferGraph, initialWeights, type Model, withInputSize } from "@tlx/transfer";
import { farthest } from "../../src/export/check-export.js";
import type { ExportSource } from "../../src/export/export-source.js";
import { goldenPictures } from "../../src/export/golden-pictures.js";
import { runNetwork } from "../../src/export/run-network.js";

/** Where nothing is known of how a layer begins: kernels that keep sizes, numbers per channel around one or zero. */
function anyWeights(graph: Graph): Weights {
  const random = randomFrom(3);
  const start = (path: string, { shape }: Spec): Float32Array => {
    const fanIn = sizeOf(f32(...shape.slice(0, -1)));
    const [middle, width] = shape.length > 1 ? [0, Math.sqrt(12 / fanIn)] : [/weight|scale/.test(path) ? 1 : 0, 0.5];
    return Float32Array.from({ length: sizeOf(f32(...shape)) }, () => middle + width * (random() - 0.5));
  };
  return new Map(
    [...graph.params, ...graph.states].map(([path, { spec }]) => [path, { spec, data: start(path, spec) }]),
  );
}

/** What batch norms multiply by, about, where gates make signals smaller from block to block. */
const gains: Readonly<Record<string, number>> = {
  "efficientnet-b0": 1.4,
  "mobilenet-v3-large": 1.2,
  "mobilenet-v3-small": 1.35,
};

/** Of a trained network every number of a batch norm differs from where it began. */
function madeWeights(graph: Graph, start: Weights, gain = 1): Weights {
  const random = randomFrom(7);
  const norms = new Set([...graph.states.keys()].map((path) => path.replace(/running_(mean|var)$/, "")));
  const move = (path: string, { spec, data }: HostTensor): HostTensor => {
    const [, norm, name] = /^(.*\.)?(\w+)$/.exec(path)!;
    if (!norms.has(norm!)) return { spec, data };
    const around = name === "weight" ? gain : name === "running_var" ? 1 : 0;
    return { spec, data: Float32Array.from(data, () => around + 0.4 * (random() - 0.5)) };
  };
  return new Map([...start].map(([path, tensor]) => [path, move(path, tensor)]));
}

const labelsOf = (count: number): string[] => Array.from({ length: count }, (_, i) => `class "${i}", ünïcode`);

/** With the classifier that its weights come with. */
export function publishedSource(model: Model, size: number): ExportSource {
  const sized = withInputSize(model, size);
  const graph = buildNetworkGraph(sized, { batch: 1, form: "separate" });
  const { preprocess, card } = sized;
  const network = { graph, weights: madeWeights(graph, initialWeights(graph, 1), gains[model.name]) };
  return { model, network, labels: labelsOf(card.classes), preprocess, head: "published", hidden: 0 };
}

/** With a head of tlx train for three classes; `ownLayers` are such as tlx has no starting values for. */
export function trainedSource(model: Model, size: number, { hidden = 0, ownLayers = false } = {}): ExportSource {
  const sized = withInputSize(model, size);
  const graph = buildTransferGraph(sized, { batch: 1, form: "separate", classes: 3, hidden });
  const start = ownLayers ? anyWeights(graph) : initialWeights(graph, 1);
  const network = { graph, weights: madeWeights(graph, start) };
  return { model, network, labels: labelsOf(3), preprocess: sized.preprocess, head: "trained", hidden };
}

/** How far the logits of the check's two pictures are from each other, as a share of the largest: of a dull network, nothing shows. */
export async function livelinessOf(gpu: Gpu, { network, preprocess }: ExportSource): Promise<number> {
  const logits = await runNetwork(gpu, network, goldenPictures(preprocess.crop));
  const [first, second] = [logits.subarray(0, logits.length / 2), logits.subarray(logits.length / 2)];
  const largest = logits.reduce((most, v) => Math.max(most, Math.abs(v)), 0);
  return farthest(first, second) / Math.max(1, largest);
}
