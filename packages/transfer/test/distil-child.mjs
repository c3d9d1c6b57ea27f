// A process that writes the states of a distillation, three an epoch, until it is killed: node distil-child.mjs FOLDER
import { existsSync } from "node:fs";
import { DistilFolder } from "@tlx/transfer/node";

const [folder = ""] = process.argv.slice(2);
const steps = 3;
const config = {
  teacher: "t",
  teacherWeights: "w",
  model: "m",
  weights: null,
  prune: false,
  data: ["d"],
  half: false,
  settings: {},
};

/** @param {number} value */
const tensor = (value) => ({
  spec: { dtype: /** @type {const} */ ("f32"), shape: [100_000] },
  data: new Float32Array(100_000).fill(value),
});

const found = existsSync(folder) ? await DistilFolder.resume(folder) : undefined;
if (found?.finished) throw new Error("nothing was finished");
const run = found?.run ?? (await DistilFolder.create(folder, config));
let { epoch, step } = found?.snapshot?.position ?? { epoch: 0, step: 0 };
for (;;) {
  step++;
  if (step === steps) {
    epoch++;
    step = 0;
    const figures = { learningRate: 1, loss: 1, explained: 0.5, agreement: 0.5, ms: 1 };
    await run.record({ type: "epoch", epoch, epochs: 1e6, ...figures });
  }
  const tensors = new Map([["w", tensor(steps * epoch + step)]]);
  await run.record({ type: "snapshot", snapshot: { identity: {}, position: { phase: 0, epoch, step }, tensors } });
  console.log("saved");
}
