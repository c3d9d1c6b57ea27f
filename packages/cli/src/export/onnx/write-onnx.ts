/**
 * A network as an ONNX file: opset 17, pictures [batch, 3, S, S], weights under their names and in the order of checkpoints.
 * Half floats are stored as such and cast to float32 where they are read, which every runtime can do.
 */
import { version } from "../../version.js";
import { type ExportedNetwork, storeAsCheckpoint } from "../exported-network.js";
import { metadataTexts } from "../metadata.js";
import { translate } from "../translate.js";
import { convolutions } from "./convolutions.js";
import { elementwise } from "./elementwise.js";
import { integer, OnnxWriter } from "./onnx-writer.js";
import { pools } from "./pools.js";
import { type OnnxModel, onnxModel, tensorType } from "./schema.js";

const translators = { ...convolutions, ...elementwise, ...pools };

const OPSET = 17;
const IR_VERSION = 8;

/** A float32 value whose first extent is open. */
const openValue = (name: string, extents: readonly number[]) => ({
  name,
  type: {
    tensorType: {
      elemType: tensorType.float,
      shape: { dim: [{ dimParam: "batch" }, ...extents.map((dimValue) => ({ dimValue }))] },
    },
  },
});

export function writeOnnx({ network, isHalf, metadata }: ExportedNetwork): Uint8Array {
  const { graph, weights } = network;
  const to = new OnnxWriter(graph, storeAsCheckpoint(weights, isHalf));
  const image = graph.inputs.get("image")!;
  to.call(image, "image");
  translate(graph, translators, to, "ONNX");
  const logits = graph.outputs.get("logits")!;
  to.append("Identity", [to.read(logits)], {}, "logits");
  to.append("Softmax", ["logits"], { axis: integer(1) }, "probabilities");
  const size = image.spec.shape[1]!;
  const classes = metadata.labels.length;
  const model: OnnxModel = {
    irVersion: IR_VERSION,
    producerName: "tlx",
    producerVersion: version,
    graph: {
      name: metadata.tlx.network,
      docString: [...metadata.preprocessing.steps, ...metadata.preprocessing.outputs].join("\n"),
      node: to.nodes,
      initializer: to.initializers,
      input: [openValue("image", [3, size, size])],
      output: [openValue("logits", [classes]), openValue("probabilities", [classes])],
    },
    opsetImport: [{ domain: "", version: OPSET }],
    metadataProps: [...metadataTexts(metadata)].map(([key, value]) => ({ key, value })),
  };
  return onnxModel.encode(onnxModel.fromObject(model)).finish();
}
