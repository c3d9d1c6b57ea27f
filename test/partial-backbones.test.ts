/**
 * Real networks of which only the beginning is here, as backbones on flowers5, against the probe of an independent program. With the
 * default 30 epochs a linear head is not at its end on their features, so it is given more.
 */
import { sizeOf, type Value } from "@tlx/kernels";
import { buildFeatureGraph, type Checkpoint, findModel, type Model, parseSafetensors, train } from "@tlx/transfer";
import { decodeAll, imageFolder, readWeightsFile } from "@tlx/transfer/node";
import { expect, it } from "vitest";
import { testGpu } from "./support/gpu.js";
import { describeShared, sharedPath } from "./support/shared.js";

/** `model` with the result of `module` for features. */
const upTo = (model: Model, module: string): Model => ({
  ...model,
  backbone(s, image, form) {
    model.backbone(s, image, form);
    return s.builder.finish().marks.get(module) as Value;
  },
});

/** With zeros for what comes after the part that is here, which nothing reads. */
function filled(checkpoint: Checkpoint, model: Model): Checkpoint {
  const { params } = buildFeatureGraph(model, { batch: 1, form: "folded" });
  const tensors = new Map(checkpoint.tensors);
  for (const [name, { spec }] of params) {
    if (tensors.has(name)) continue;
    const shape = spec.shape.length === 4 ? [3, 2, 0, 1].map((d) => spec.shape[d]!) : spec.shape;
    tensors.set(name, { name, dtype: "F32", shape, bytes: new Uint8Array(4 * sizeOf(spec)) });
  }
  return { ...checkpoint, tensors };
}

/** The least accuracy: the other program's less one point. */
const networks = [
  { file: "resnet18_to_layer3", model: upTo(findModel("resnet-18"), "layer3"), least: 0.817 },
  { file: "inception_v3_to_mixed_7a", model: upTo(findModel("inception-v3-tf"), "Mixed_7a"), least: 0.837 },
  { file: "mobilenet_v2_gluon_backbone", model: findModel("mobilenet-v2-gluon"), least: 0.783 },
];

describeShared("partial networks as backbones", () => {
  for (const { file, model, least } of networks) {
    it.runIf(process.env.TLX_DEEP)(`${file} on flowers5`, async () => {
      const found = parseSafetensors(await readWeightsFile(sharedPath("weights", `${file}.safetensors`)));
      const data = await imageFolder(sharedPath("data/flowers5"));
      const run = train({
        ...{ gpu: await testGpu(), model, checkpoint: filled(found, model), ...data },
        ...{ pictures: decodeAll, settings: { epochs: 100, learningRate: 0.01 } },
      });
      for (;;) {
        const { done, value } = await run.next();
        if (done) return void expect(value.val.accuracy).toBeGreaterThanOrEqual(least);
      }
    });
  }
});
