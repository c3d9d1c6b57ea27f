/** Keras's MobileNetV2 as TensorFlow.js saves it, imported: the same logits as TensorFlow.js computes. */
import { type Gpu, sizeOf } from "@tlx/kernels";
import { optimizeForInference, Program } from "@tlx/nn";
import { findModel, loadPretrained, models, readTfjs, recogniseWeights } from "@tlx/transfer";
import { afterAll, beforeAll, expect, it } from "vitest";
import { formulaInput, formulaTensor } from "../support/formula-weights.js";
import { testGpu } from "../support/gpu.js";
import { tf } from "./backend.js";

type Node = tf.SymbolicTensor;

/** Even and odd extents before steps of 2: 76, 38, 19, 10, 5, 3. */
const SIZE = 76;
/** Factor of the expansion, channels, blocks, first stride. */
const stages = [
  [1, 16, 1, 1],
  [6, 24, 2, 2],
  [6, 32, 3, 2],
  [6, 64, 4, 2],
  [6, 96, 3, 1],
  [6, 160, 3, 2],
  [6, 320, 1, 1],
] as const;

const apply = (layer: tf.layers.Layer, x: Node | Node[]): Node => layer.apply(x) as Node;
const norm = (x: Node, name: string): Node => apply(tf.layers.batchNormalization({ name, epsilon: 1e-3 }), x);
const relu6 = (x: Node): Node => apply(tf.layers.reLU({ maxValue: 6 }), x);

/** Zeros so that a 3x3 window with a stride begins at the first pixel of an even extent. */
function padBefore(x: Node): Node {
  const [, h, w] = x.shape as [null, number, number];
  return apply(
    tf.layers.zeroPadding2d({
      padding: [
        [h % 2, 1],
        [w % 2, 1],
      ],
    }),
    x,
  );
}

function pointwise(x: Node, filters: number, name: string): Node {
  return apply(tf.layers.conv2d({ name, filters, kernelSize: 1, useBias: false }), x);
}

function block(x: Node, index: number, [factor, out, stride]: readonly [number, number, number]): Node {
  const prefix = index === 0 ? "expanded_conv" : `block_${index}`;
  const channels = x.shape[3] as number;
  let y = x;
  if (index > 0) y = relu6(norm(pointwise(y, factor * channels, `${prefix}_expand`), `${prefix}_expand_BN`));
  if (stride === 2) y = padBefore(y);
  const padding = stride === 2 ? "valid" : "same";
  const name = `${prefix}_depthwise`;
  y = apply(tf.layers.depthwiseConv2d({ name, kernelSize: 3, strides: stride, padding, useBias: false }), y);
  y = relu6(norm(y, `${name}_BN`));
  y = norm(pointwise(y, out, `${prefix}_project`), `${prefix}_project_BN`);
  return stride === 1 && channels === out ? apply(tf.layers.add(), [x, y]) : y;
}

function buildKeras(): tf.LayersModel {
  const image = tf.input({ shape: [SIZE, SIZE, 3] });
  const stem = { name: "Conv1", filters: 32, kernelSize: 3, strides: 2, padding: "same", useBias: false } as const;
  let x = relu6(norm(apply(tf.layers.conv2d(stem), image), "bn_Conv1"));
  let index = 0;
  for (const [factor, out, count, stride] of stages) {
    for (let i = 0; i < count; i++) x = block(x, index++, [factor, out, i === 0 ? stride : 1]);
  }
  x = relu6(norm(pointwise(x, 1280, "Conv_1"), "Conv_1_bn"));
  x = apply(tf.layers.globalAveragePooling2d({}), x);
  return tf.model({ inputs: image, outputs: apply(tf.layers.dense({ name: "predictions", units: 1000 }), x) });
}

/** Weights of a size that keeps what passes through at about one. */
function fill(model: tf.LayersModel): void {
  for (const weight of model.weights) {
    const shape = weight.shape as number[];
    const size = sizeOf({ dtype: "f32", shape });
    const isDepthwise = weight.originalName.includes("depthwise_kernel");
    const fanIn = isDepthwise ? 9 : size / (shape.at(-1) as number);
    const isPositive = /gamma|moving_variance/.test(weight.originalName);
    const b = shape.length > 1 ? Math.sqrt(6 / fanIn) : 0.2;
    const values = formulaTensor({ name: weight.originalName, a: isPositive ? 1 : 0, b }, size);
    weight.write(tf.tensor(values, shape));
  }
}

/** What model.save() would write: model.json and its one shard. */
async function save(model: tf.LayersModel): Promise<{ json: Uint8Array; shard: Uint8Array }> {
  let saved: tf.io.ModelArtifacts | undefined;
  await model.save({
    save: async (artifacts) => {
      saved = artifacts;
      return { modelArtifactsInfo: { dateSaved: new Date(0), modelTopologyType: "JSON" } };
    },
  });
  const { modelTopology, weightSpecs, weightData } = saved as tf.io.ModelArtifacts;
  const manifest = [{ paths: ["group1-shard1of1.bin"], weights: weightSpecs }];
  const text = JSON.stringify({ format: "layers-model", modelTopology, weightsManifest: manifest });
  return { json: new TextEncoder().encode(text), shard: new Uint8Array(weightData as ArrayBuffer) };
}

let gpu: Gpu;
beforeAll(async () => {
  gpu = await testGpu();
  tf.engine().startScope();
});
afterAll(() => tf.engine().endScope());

it("is mobilenet-v2-keras, with TensorFlow.js's logits", async () => {
  const keras = buildKeras();
  fill(keras);
  const { json, shard } = await save(keras);
  const found = recogniseWeights(await readTfjs(json, async () => shard), models);
  expect([found.model.name, found.naming, found.classes]).toEqual(["mobilenet-v2-keras", "Keras", 1000]);
  expect([found.missing, found.misfits, found.extra]).toEqual([[], [], []]);

  const input = formulaInput(1, SIZE);
  const expected = (keras.predict(tf.tensor(input, [1, SIZE, SIZE, 3])) as tf.Tensor).dataSync();
  const model = findModel("mobilenet-v2-keras");
  const network = loadPretrained(model, found.checkpoint, { batch: 1, inputSize: SIZE });
  const { graph, weights } = optimizeForInference(network);
  const program = await Program.compile(gpu, graph, weights, { label: "keras" });
  try {
    program.write("image", input);
    program.run();
    const logits = await program.read("logits");
    const difference = Math.max(...expected.map((value, i) => Math.abs(value - logits.data[i]!)));
    expect(difference / Math.max(...expected.map(Math.abs))).toBeLessThan(2e-4);
  } finally {
    program.dispose();
  }
}, 300_000);
