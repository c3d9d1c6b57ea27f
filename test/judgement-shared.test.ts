/** What calibration and the search for wrong labels do on shared photos: with TLX_DEEP, since it trains. */
import { Gpu } from "@tlx/kernels";
import { withOutputs } from "@tlx/nn";
import {
  type CalibrationMeasure,
  type CollectedLogits,
  collectLogits,
  type Dataset,
  findModel,
  measureCalibration,
  parseSafetensors,
  probeSuspects,
  shuffled,
  type TrainResult,
  train,
  trainedNetwork,
} from "@tlx/transfer";
import { decodeAll, imageFolder, readWeightsFile, resolveWeights } from "@tlx/transfer/node";
import { afterAll, beforeAll, describe, expect } from "vitest";
import { testGpu } from "./support/gpu.js";
import { itShared, sharedPath } from "./support/shared.js";

const batch = 8;
const model = findModel("tlx-nano");

let gpu: Gpu;
beforeAll(async () => {
  gpu = new Gpu((await testGpu()).device);
});
afterAll(() => gpu.dispose());

async function trainHead(data: Dataset): Promise<TrainResult> {
  const { path } = await resolveWeights(model.card.weights, { offline: true });
  const checkpoint = parseSafetensors(await readWeightsFile(path));
  const { classes, train: trained, val } = data;
  const pictures: Parameters<typeof train>[0]["pictures"] = (samples, { skip }) => decodeAll(samples, { skip });
  const events = train({ gpu, model, checkpoint, classes, train: trained, val, pictures });
  for (;;) {
    const { done, value } = await events.next();
    if (done) return value;
  }
}

const collect = (result: TrainResult, samples: Dataset["val"], output = "logits"): Promise<CollectedLogits> => {
  const network = trainedNetwork(result, batch);
  const value = withOutputs(network.graph, [output]).outputs.get(output)!;
  const graph = { ...network.graph, outputs: new Map([["logits", value]]) };
  return collectLogits(gpu, { ...network, graph }, model.preprocess, decodeAll(samples), { batch });
};

describe.runIf(process.env.TLX_DEEP)("on shared photos", () => {
  const measure = async (name: string): Promise<CalibrationMeasure> => {
    const data = await imageFolder(sharedPath("data", name));
    const { logits, labels } = await collect(await trainHead(data), data.val);
    return measureCalibration(logits, labels);
  };

  for (const name of ["grocery10", "xray3"]) {
    itShared(`a temperature lowers the ECE of pictures of ${name} that it was not fitted on`, async () => {
      const { before, after } = await measure(name);
      expect(after.ece).toBeLessThan(before.ece);
    });
  }

  itShared("where probabilities are honest already a temperature is near 1 and does little harm", async () => {
    const { temperature, before, after } = await measure("flowers5");
    expect(before.ece).toBeLessThan(0.05);
    expect(Math.abs(Math.log(temperature!))).toBeLessThan(0.1);
    expect(after.logLoss).toBeLessThan(before.logLoss + 0.02);
  });

  itShared("half of 5 % wrong labels are among the 10 % that are most suspect", async () => {
    const data = await imageFolder(sharedPath("data", "flowers5"));
    const classes = data.classes.length;
    const features = await collect(await trainHead(data), data.train, "avgpool");
    const width = features.logits[0]!.length;
    const table = Float32Array.from(features.logits.flatMap((row) => [...row]));
    const count = Math.round(0.05 * features.labels.length);
    const found = [1, 2, 3].map((seed) => {
      const planted = new Set(shuffled([...features.labels.keys()], seed).slice(0, count));
      const labels = features.labels.map((label, i) =>
        planted.has(i) ? (label + 1 + (i % (classes - 1))) % classes : label,
      );
      const { ranked } = probeSuspects({ data: table, width, labels, classes });
      return ranked.slice(0, 2 * count).filter(({ index }) => planted.has(index)).length / count;
    });
    expect(found.reduce((a, b) => a + b) / found.length).toBeGreaterThan(0.5);
  });
});
