// Trains a classifier on a folder of pictures: node examples/train.mjs mobilenet_v2.safetensors flowers run-folder
import { openGpu } from "@tlx/kernels/node";
import { findModel, parseSafetensors, train } from "@tlx/transfer";
import { decodeAll, diskFeatures, imageFolder, RunFolder, readWeightsFile } from "@tlx/transfer/node";

const [weights, folder, run] = process.argv.slice(2);
const gpu = await openGpu();
const model = findModel("mobilenet-v2");
const checkpoint = parseSafetensors(await readWeightsFile(weights));
const data = await imageFolder(folder); // folder/CLASS/*, or folder/train/CLASS/* and folder/val/CLASS/*
const settings = { epochs: 20, seed: 1 };
const out = await RunFolder.create(run, { config: { folder, ...settings }, skipped: data.skipped });
const openFeatures = diskFeatures(); // the cache: a second run starts with the new head
const training = train({ gpu, model, checkpoint, ...data, pictures: decodeAll, openFeatures, settings });
let step = await training.next();
for (; !step.done; step = await training.next()) {
  await out.record(step.value);
  if (step.value.type === "epoch") console.log(step.value.epoch, step.value.valAccuracy);
}
await out.finish(gpu, step.value); // run-folder/model/ holds the best epoch
gpu.dispose();
