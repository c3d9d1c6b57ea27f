// A process that trains into a run folder until it is killed or done: node train-child.mjs FOLDER EPOCHS
import { createHash } from "node:crypto";
import { openGpu } from "@tlx/kernels/node";
import { uniformFanIn } from "@tlx/nn";
import { buildNetworkGraph, exportTensors, findModel, parseSafetensors, train, writeSafetensors } from "@tlx/transfer";
import { RunFolder } from "@tlx/transfer/node";

const [folder = "", epochs] = process.argv.slice(2);
const model = findModel("squeezenet-1.1");
const { params } = buildNetworkGraph(model, { batch: 1, form: "folded" });
const weights = new Map([...params].map(([path, { spec }]) => [path, uniformFanIn(spec, 100, 1, path)]));
const checkpoint = parseSafetensors(writeSafetensors(exportTensors(weights)));

/** @type {import("@tlx/transfer").PictureSource} */
async function* pictures(samples) {
  for (const item of samples) {
    const hash = createHash("sha256").update(item.file).digest("hex");
    const data = Uint8Array.from({ length: 4 * 32 * 32 }, (_, i) => (i * 7 + item.label * 90) % 256);
    yield { item, hash, picture: { width: 32, height: 32, data } };
  }
}
/** @param {string} split */
const samples = (split) => [0, 1].map((label) => ({ file: `${split}/${label}`, label }));

const gpu = await openGpu({ adapter: process.env.TLX_ADAPTER });
const run = await RunFolder.create(folder, { config: { epochs } });
const training = train({
  ...{ gpu, model, checkpoint, pictures, classes: ["a", "b"], train: samples("train"), val: samples("val") },
  settings: { epochs: Number(epochs), batch: 2, extractBatch: 2 },
});
for (;;) {
  const { done, value } = await training.next();
  if (done) {
    await run.finish(gpu, value);
    break;
  }
  await run.record(value);
  if (value.type === "epoch" && value.epoch === 1) console.log("epochs begin");
}
console.log("done");
gpu.dispose();
