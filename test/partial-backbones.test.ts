/**
 * Real networks of which only the beginning is here, as backbones on flowers5, against the probe of an independent program. With the
 * default 30 epochs a linear head is not at its end on their features, so it is given more.
 */
import type { Value } from "@tlx/kernels";
import { dropDead, GraphBuilder, Scope, withOutputs } from "@tlx/nn";
import { findModel, type Model, parseSafetensors, train } from "@tlx/transfer";
import { decodeAll, imageFolder, readWeightsFile } from "@tlx/transfer/node";
import { expect, it } from "vitest";
import { testGpu } from "./support/gpu.js";
import { describeShared, sharedPath } from "./support/shared.js";

/** `model` with the result of `module` for features, and nothing that comes after it. */
const upTo = (model: Model, module: string): Model => ({
  ...model,
  backbone({ builder }, image, form) {
    const own = new GraphBuilder();
    model.backbone(new Scope(own), own.input("image", image.spec), form);
    const { graph } = dropDead({ graph: withOutputs(own.finish(), [module], true), weights: new Map() });
    const made = new Map<Value, Value>([[graph.inputs.get("image")!, image]]);
    for (const [path, value] of graph.params) made.set(value, builder.param(path, value.spec));
    for (const [path, value] of graph.states) made.set(value, builder.state(path, value.spec));
    for (const { op, inputs, outputs, params, path } of graph.nodes) {
      const results = builder.apply(
        op,
        inputs.map((value) => made.get(value)!),
        params,
        path,
      );
      for (const [i, value] of outputs.entries()) made.set(value, results[i]!);
    }
    for (const [path, value] of graph.marks) builder.mark(path, made.get(value)!);
    return made.get(graph.outputs.get(module)!)!;
  },
});

/** The least accuracy: the other program's less one point. */
const networks = [
  { file: "resnet18_to_layer3", model: upTo(findModel("resnet-18"), "layer3"), least: 0.817 },
  { file: "inception_v3_to_mixed_7a", model: upTo(findModel("inception-v3-tf"), "Mixed_7a"), least: 0.837 },
  { file: "mobilenet_v2_gluon_backbone", model: findModel("mobilenet-v2-gluon"), least: 0.783 },
];

describeShared("partial networks as backbones", () => {
  for (const { file, model, least } of networks) {
    it.runIf(process.env.TLX_DEEP)(`${file} on flowers5`, { timeout: 600_000 }, async () => {
      const checkpoint = parseSafetensors(await readWeightsFile(sharedPath("weights", `${file}.safetensors`)));
      const data = await imageFolder(sharedPath("data/flowers5"));
      const run = train({
        ...{ gpu: await testGpu(), model, checkpoint, ...data },
        ...{ pictures: decodeAll, settings: { epochs: 100, learningRate: 0.01 } },
      });
      for (;;) {
        const { done, value } = await run.next();
        if (done) return void expect(value.val.accuracy).toBeGreaterThanOrEqual(least);
      }
    });
  }
});
