import { depthwiseConv2d, Gpu } from "@tlx/kernels";
import { basicRules, gradientRules } from "@tlx/kernels/grad";
import { allParts, certify, type Trained, type TrainInput, type TrainParts, trainWith } from "@tlx/transfer";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { testGpu } from "../../../test/support/gpu.js";
import { tinyTraining } from "./tiny-model.js";
import { trainToEnd } from "./train-to-end.js";

/** A Gpu of its own on the shared device, so that its count starts at 0 and must end there. */
let gpu: Gpu;
beforeEach(async () => {
  gpu = new Gpu((await testGpu()).device);
});
afterEach(() => {
  expect(gpu.liveBytes).toBe(0);
  gpu.dispose();
});

async function trainedWith(parts: TrainParts, input: TrainInput): Promise<Trained> {
  const training = trainWith(parts, input);
  for (;;) {
    const { done, value } = await training.next();
    if (done) return value;
  }
}

const settings = { epochs: 2, unfreeze: "all" };

describe("training with some parts", () => {
  it("gives the bits and the certificate of training with all of them", async () => {
    const input = { ...tinyTraining(gpu), settings };
    const [few, { result }] = [await trainedWith({ rules: basicRules }, input), await trainToEnd(input)];
    expect(few.weights).toEqual(result.weights);
    expect(few.val).toEqual(result.val);
    expect(await certify(few)).toEqual(result.certificate);
  });

  it.each([
    ["drawChange", { augment: "light" }, 'augment "light"'],
    ["resolveMasks", { mask: "head.**=0.5" }, "masks"],
    ["mixing", { mixup: 0.2 }, "mixup and cutmix"],
    ["norms", { batchNorm: "train" }, 'batchNorm "train"'],
    ["storeHalf", { precision: "f16" }, 'precision "f16"'],
  ] as const)("asks for the part %s where settings need it", async (name, needing, setting) => {
    const input = { ...tinyTraining(gpu), settings: { ...settings, ...needing } };
    const { [name]: _, ...rest } = allParts;
    await expect(trainedWith(rest as TrainParts, input)).rejects.toMatchObject({
      code: "E_USAGE",
      message: `train: expected the part ${name} for ${setting}, found none; give it, or use train, which has all parts`,
    });
  });

  it("asks for what weights without a checkpoint begin with", async () => {
    const { startBackbone: _, ...rest } = allParts;
    await expect(trainedWith(rest, { ...tinyTraining(gpu), checkpoint: "none" })).rejects.toThrow(
      /the part startBackbone for checkpoint "none"/,
    );
  });
});

it("basic rules are some of all rules", () => {
  for (const [op, rule] of basicRules) {
    if (op !== depthwiseConv2d) expect(gradientRules.get(op), op.name).toBe(rule); // whose gradients the others compute together
  }
  expect(gradientRules.size).toBeGreaterThan(basicRules.size);
});
