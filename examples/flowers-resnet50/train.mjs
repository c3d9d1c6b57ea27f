// Five kinds of flowers with ResNet-50: node examples/flowers-resnet50/train.mjs resnet50-0676ba61.pth flowers run-folder
import { openGpu } from "@tlx/kernels/node";
import { exportTensors, parseSafetensors, resNet50, startBackbone, train, writeSafetensors } from "@tlx/transfer";
import { decodeAll, diskFeatures, imageFolder, RunFolder, readCheckpointFile } from "@tlx/transfer/node";

const [weights, folder, run, more = "{}"] = process.argv.slice(2);

/** Weights by chance, to try the program without a file: "none". */
const byChance = () => parseSafetensors(writeSafetensors(exportTensors(startBackbone(resNet50, 1).weights)));
const checkpoint = weights === "none" ? byChance() : (await readCheckpointFile(weights)).checkpoint;

const settings = {
  headEpochs: 20, // the base is frozen, and a new dense layer learns the flowers from its features
  epochs: 10, // then the top learns too:
  unfreeze: "last:3", // the three blocks of layer4
  baseRate: 0.1, // at a tenth of the rate
  seed: 1,
  ...JSON.parse(more), // such as '{"inputSize":160}'
};
const gpu = await openGpu();
const data = await imageFolder(folder); // folder/CLASS/*, or folder/train/CLASS/* and folder/val/CLASS/*
const out = await RunFolder.create(run, { config: { folder, ...settings }, skipped: data.skipped });
const openFeatures = diskFeatures(); // the cache: a second run does not compute the frozen base again
const training = train({ gpu, model: resNet50, checkpoint, ...data, pictures: decodeAll, openFeatures, settings });
let step = await training.next();
for (; !step.done; step = await training.next()) {
  await out.record(step.value);
  if (step.value.type === "phase") console.log(`${step.value.name}, ${step.value.epochs} epochs`);
  if (step.value.type === "epoch") console.log(step.value.epoch, step.value.loss, step.value.valAccuracy);
}
await out.finish(gpu, step.value); // run-folder/model/ holds the best epoch
gpu.dispose();
