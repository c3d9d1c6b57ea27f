import { Gpu } from "@tlx/kernels";
import {
  buildTransferGraph,
  evaluateRun,
  type Hashed,
  type LoadedRun,
  type Sample,
  type TrainResult,
  train,
} from "@tlx/transfer";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { testGpu } from "../../../test/support/gpu.js";
import { madePictures, madeSamples, tinyModel, tinyTraining } from "./tiny-model.js";

let gpu: Gpu;
beforeEach(async () => {
  gpu = new Gpu((await testGpu()).device);
});
afterEach(() => {
  expect(gpu.liveBytes).toBe(0);
  gpu.dispose();
});

async function trained(): Promise<TrainResult> {
  const training = train(tinyTraining(gpu));
  for (;;) {
    const { done, value } = await training.next();
    if (done) return value;
  }
}

function asRun({ classes, weights, backbone }: TrainResult): LoadedRun {
  const graph = buildTransferGraph(tinyModel, { batch: 1, form: backbone.form, classes: classes.length });
  const description: LoadedRun["description"] = {
    ...{ format: "tlx-model", version: 1, architecture: "tiny", batchNorm: backbone.form, classes, hidden: 0 },
    ...{ preprocess: tinyModel.preprocess, weightsSha256: "" },
  };
  return { description, network: { graph, weights } };
}

const pictures = (samples: readonly Sample[]): AsyncGenerator<Hashed<Sample>> => madePictures(samples);

describe("evaluating a saved model", () => {
  it("gives the figures that training gave", async () => {
    const result = await trained();
    const steps: number[] = [];
    const found = await evaluateRun(
      gpu,
      asRun(result),
      { classes: result.classes, samples: result.valSamples },
      pictures,
      {
        batch: 4,
        progress: (done) => steps.push(done),
      },
    );
    expect(found).toMatchObject({ accuracy: result.val.accuracy, skipped: [], samples: result.valSamples });
    expect(found.loss).toBeCloseTo(result.val.loss, 4);
    expect(found.predicted).toEqual([...result.val.predicted]);
    for (const [i, p] of result.val.confidence.entries()) expect(found.confidence[i]).toBeCloseTo(p, 4);
    expect(found.matrix).toEqual([
      [5, 0],
      [0, 5],
    ]);
    expect(steps).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
  });

  it("counts by name where a folder has its classes in another order, or only some, and by what can be read", async () => {
    const run = asRun(await trained());
    const blue = madeSamples("val", 5).filter((s) => s.label === 1);
    const samples = blue.map(({ file }) => ({ file, label: 0 }));
    // Pictures are made by label: 1 is blue, as the model counts.
    const unreadable = new Set([samples[2]!.file]);
    const found = await evaluateRun(gpu, run, { classes: ["blue"], samples }, (s) => madePictures(s, unreadable));
    expect(found.matrix).toEqual([
      [0, 0],
      [0, 4],
    ]);
    expect(found.skipped).toEqual([{ file: samples[2]!.file, reason: `picture ${samples[2]!.file}: made unreadable` }]);
  });

  it("refuses classes that the model does not know, and a folder without a readable picture", async () => {
    const run = asRun(await trained());
    const samples = madeSamples("val", 1);
    await expect(evaluateRun(gpu, run, { classes: ["red", "green"], samples }, pictures)).rejects.toMatchObject({
      code: "E_DATA",
      message: expect.stringContaining('expected the classes "red", "blue", found "green"'),
    });
    const none = new Set(samples.map((s) => s.file));
    await expect(
      evaluateRun(gpu, run, { classes: ["red", "blue"], samples }, (s) => madePictures(s, none)),
    ).rejects.toMatchObject({ code: "E_DATA", message: expect.stringContaining("found none of 2") });
  });
});
