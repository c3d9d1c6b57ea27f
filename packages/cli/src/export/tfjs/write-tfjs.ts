/**
 * A network as a TensorFlow.js graph model: model.json and shards of at most 4 MiB, pictures [batch, S, S, 3], weights under
 * their names in tlx's order. Half floats are a quantisation that TensorFlow.js undoes when it loads.
 */
import type { StoredTensor } from "@tlx/transfer";
import { version } from "../../version.js";
import { type ExportedNetwork, storeAsLaid } from "../exported-network.js";
import { translate } from "../translate.js";
import { convolutions } from "./convolutions.js";
import { elementwise } from "./elementwise.js";
import { FLOAT, GraphWriter, shapeOf } from "./graph-writer.js";
import { pools } from "./pools.js";

const translators = { ...convolutions, ...elementwise, ...pools };

const shardBytes = 4 * 2 ** 20;

function manifestEntry({ name, shape, dtype }: StoredTensor): object {
  if (dtype === "I32") return { name, shape, dtype: "int32" };
  const quantization = { dtype: "float16", original_dtype: "float32" };
  return { name, shape, dtype: "float32", ...(dtype === "F16" && { quantization }) };
}

function joinBytes(weights: readonly StoredTensor[]): Uint8Array {
  const all = new Uint8Array(weights.reduce((sum, { bytes }) => sum + bytes.length, 0));
  let at = 0;
  for (const { bytes } of weights) {
    all.set(bytes, at);
    at += bytes.length;
  }
  return all;
}

/** A value whose first extent is open. */
const tensorInfo = (name: string, extents: readonly number[]): object => ({
  name: `${name}:0`,
  dtype: "DT_FLOAT",
  tensorShape: shapeOf([-1, ...extents]),
});

/** Files by name. */
export function writeTfjs({ network, isHalf, metadata }: ExportedNetwork): Map<string, Uint8Array | string> {
  const { graph, weights } = network;
  const to = new GraphWriter(graph, storeAsLaid(weights, isHalf));
  const image = graph.inputs.get("image")!;
  const [, ...extents] = image.spec.shape;
  to.append("Placeholder", [], { dtype: FLOAT, shape: { shape: shapeOf([-1, ...extents]) } }, "image");
  to.call(image, "image");
  translate(graph, translators, to, "TensorFlow.js");
  to.append("Identity", [to.read(graph.outputs.get("logits")!)], { T: FLOAT }, "logits");
  to.append("Softmax", ["logits"], { T: FLOAT }, "probabilities");
  const bytes = joinBytes(to.weights);
  const count = Math.max(1, Math.ceil(bytes.length / shardBytes));
  const shards = Array.from({ length: count }, (_, i): [string, Uint8Array] => [
    `group1-shard${i + 1}of${count}.bin`,
    bytes.subarray(i * shardBytes, (i + 1) * shardBytes),
  ]);
  const classes = metadata.labels.length;
  const model = {
    format: "graph-model",
    generatedBy: `tlx ${version}`,
    convertedBy: null,
    signature: {
      inputs: { image: tensorInfo("image", extents) },
      outputs: { logits: tensorInfo("logits", [classes]), probabilities: tensorInfo("probabilities", [classes]) },
    },
    userDefinedMetadata: metadata,
    modelTopology: { node: to.nodes, library: {}, versions: { producer: 1 } },
    weightsManifest: [{ paths: shards.map(([name]) => name), weights: to.weights.map(manifestEntry) }],
  };
  return new Map<string, Uint8Array | string>([...shards, ["model.json", JSON.stringify(model)]]);
}
