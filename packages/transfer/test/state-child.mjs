// A process that writes the states of a run, three an epoch, until it is killed: node state-child.mjs FOLDER
import { existsSync } from "node:fs";
import { RunFolder } from "@tlx/transfer/node";

const [folder = ""] = process.argv.slice(2);
const steps = 3;
const elements = 100_000;

/** @param {number} value */
const tensor = (value) => ({
  spec: { dtype: /** @type {const} */ ("f32"), shape: [elements] },
  data: new Float32Array(elements).fill(value),
});

const found = existsSync(folder) ? await RunFolder.resume(folder) : undefined;
if (found?.finished) throw new Error("nothing was finished");
const run = found?.run ?? (await RunFolder.create(folder, { config: {} }));
let { epoch, step } = found?.snapshot?.position ?? { epoch: 0, step: 0 };
console.log("begins");
for (;;) {
  step++;
  if (step === steps) {
    epoch++;
    step = 0;
    const figures = { learningRate: 1, loss: 1, trainAccuracy: 1, valLoss: 1, valAccuracy: 1, ms: 1 };
    await run.record({ type: "epoch", epoch, epochs: 1e6, best: true, ...figures });
  }
  const tensors = new Map([["w", tensor(steps * epoch + step)]]);
  await run.record({ type: "snapshot", snapshot: { identity: {}, position: { phase: 0, epoch, step }, tensors } });
}
