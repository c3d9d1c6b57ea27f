// Trains a new last layer on a folder of pictures: node examples/train.mjs mobilenet_v2.safetensors flowers run-folder
import { openGpu } from "@tlx/kernels/node";
import { findModel, parseSafetensors, train } from "@tlx/transfer";
import { decodeAll, imageFolder, readWeightsFile, writeRun } from "@tlx/transfer/node";

const [weights, folder, run] = process.argv.slice(2);
const gpu = await openGpu();
const model = findModel("mobilenet-v2");
const data = await imageFolder(folder); // folder/train/CLASS/*, folder/val/CLASS/*
const training = train({
  gpu,
  model,
  checkpoint: parseSafetensors(await readWeightsFile(weights)),
  classes: data.classes,
  train: data.train,
  val: data.val,
  pictures: decodeAll,
  settings: { epochs: 20, seed: 1 },
});

const metrics = [];
let step = await training.next();
for (; !step.done; step = await training.next()) {
  if (step.value.type !== "epoch") continue;
  metrics.push(step.value);
  console.log(`epoch ${step.value.epoch}: val accuracy ${(100 * step.value.valAccuracy).toFixed(1)} %`);
}
const { settings, backbone, weights: trained } = step.value;
await writeRun(run, {
  model,
  batchNorm: backbone.form,
  classes: data.classes,
  weights: trained,
  config: settings,
  metrics,
  skipped: data.skipped,
});
gpu.dispose();
