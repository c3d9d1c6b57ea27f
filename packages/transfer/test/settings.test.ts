import { completeSettings, defaultTrainSettings, settingDocs, type TrainSettings } from "@tlx/transfer";
import { describe, expect, it } from "vitest";

const complete = (given: Record<string, unknown>): TrainSettings => completeSettings(given as Partial<TrainSettings>);

describe("settings", () => {
  it("have one table of defaults and docs", () => {
    expect(Object.fromEntries(settingDocs.map((s) => [s.name, s.default]))).toEqual(defaultTrainSettings);
    expect(completeSettings()).toEqual(defaultTrainSettings);
    for (const { name, doc, expected } of settingDocs) {
      expect(doc, name).toMatch(/^\S.*\S$/);
      expect(expected, name).not.toBe("");
    }
    expect(settingDocs.find((s) => s.name === "optimizer")).toMatchObject({ choices: ["adamw", "sgd"], unit: "" });
  });

  const refused: readonly (readonly [Record<string, unknown>, string])[] = [
    [{ epochs: 0 }, "expected epochs to be a whole number of at least 1, found 0"],
    [{ epochs: undefined }, "expected epochs to be a whole number of at least 1, found undefined"],
    [{ epochs: "3" }, 'expected epochs to be a whole number of at least 1, found "3"'],
    [{ batch: 2.5 }, "expected batch to be a whole number of at least 1, found 2.5"],
    [{ extractBatch: -1 }, "expected extractBatch to be a whole number of at least 1, found -1"],
    [{ learningRate: 0 }, "expected learningRate to be a number above 0, found 0"],
    [{ learningRate: Number.NaN }, "expected learningRate to be a number above 0, found NaN"],
    [{ weightDecay: -0.1 }, "expected weightDecay to be a number of at least 0, found -0.1"],
    [{ seed: 2 ** 32 }, "expected seed to be a whole number from 0 to 2^32 - 1, found 4294967296"],
    [{ optimizer: "adam" }, 'expected optimizer to be "adamw" or "sgd", found "adam"'],
    [{ momentum: 1 }, "expected momentum to be a number from 0 to below 1, found 1"],
    [{ momentum: 0.5 }, 'momentum is of sgd, found the optimizer "adamw"; leave one out'],
    [{ nesterov: "yes" }, 'expected nesterov to be true or false, found "yes"'],
    [{ nesterov: true }, 'nesterov is of sgd, found the optimizer "adamw"; choose one'],
    [{ nesterov: true, optimizer: "sgd", momentum: 0 }, "nesterov needs a momentum above 0, found 0"],
    [{ warmupEpochs: 6, epochs: 5 }, "expected warmupEpochs of at most the 5 epochs, found 6"],
    [{ unfreeze: "last:0" }, 'expected unfreeze to be "head", "last:N" or "all", found "last:0"'],
    [{ unfreeze: "2" }, 'expected unfreeze to be "head", "last:N" or "all", found "2"'],
    [{ train: 3 }, "expected train to be a text, found 3"],
    [{ layerDecay: 0 }, "expected layerDecay to be a number above 0 and at most 1, found 0"],
    [{ baseRate: 0 }, "expected baseRate to be a number above 0, found 0"],
    [{ batchNorm: "off" }, 'expected batchNorm to be "freeze" or "train", found "off"'],
    [{ views: 2 }, 'views are of augment, found augment "none" and 2 views; choose one'],
    [{ augment: "heavy" }, 'expected augment to be "none" or "light" or "standard" or "strong", found "heavy"'],
    [{ dropout: 1 }, "expected dropout to be a number from 0 to below 1, found 1"],
    [{ patience: 1.5 }, "expected patience to be a whole number of at least 0, found 1.5"],
    [{ learningrate: 0.1 }, 'there is no "learningrate"; did you mean "learningRate"?'],
    [{ pacience: 1 }, 'there is no "pacience"; did you mean "patience"?'],
    [{ __proto__x: 1 }, 'there is no "__proto__x"'],
  ];
  it.each(refused)("refuse %j", (given, message) => {
    expect(() => complete(given)).toThrow(`settings: ${message}`);
  });
});
