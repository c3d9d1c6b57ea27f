import { completeConfig, defaultTrainSettings, parseConfig, runConfig, type TrainConfig } from "@tlx/transfer";
import { expect, it } from "vitest";
import { continueConfig } from "../src/run/run-config.js";

const config: TrainConfig = {
  ...{ data: "flowers", model: "tlx-nano", weights: null, elementMasks: null, split: 0.3 },
  ...{ ...defaultTrainSettings, epochs: 4 },
};
const stored = (value: unknown): unknown => JSON.parse(JSON.stringify(value));

it("a run's config.json is read as it was written", () => {
  expect(parseConfig(stored(runConfig(config, { tlx: "0.1.0" })))).toEqual(config);
  expect(parseConfig({ data: "flowers", epochs: 4 })).toEqual({ ...config, model: null, split: 0.2 });
});

it.each([
  [[], /expected the choices of a training/],
  [null, /expected the choices of a training/],
  [{ data: 1 }, /data cannot be 1/],
  [{ epochs: 0 }, /expected epochs to be/],
  [{ teacher: "mobilenet-v2" }, /there is no "teacher"/],
  [{ views: 2 }, /views are of augment/],
])("is refused where it cannot be used: %j", (value, message) => {
  expect(() => parseConfig(value)).toThrow(message);
});

it("a network that learns from nothing learns whole, unless something else was chosen", () => {
  const none = completeConfig({ weights: "none" }, config);
  expect(none).toMatchObject({ unfreeze: "all", batchNorm: "train" });
  expect(completeConfig({ weights: "none", unfreeze: "last:2" }, config)).toMatchObject({ unfreeze: "last:2" });
  expect(completeConfig({ epochs: 2 }, { ...config, warmupEpochs: 5, epochs: 100 }).warmupEpochs).toBe(0.2);
});

it("tells of every GPU that a run went on on", () => {
  const event = { before: "a", now: "b", epoch: 1, step: 2 };
  const once = continueConfig(runConfig(config, { tlx: "0.1.0" }), event);
  const twice = continueConfig(once, { before: "b", now: "c", epoch: 3, step: 0 });
  expect(twice).toEqual({
    ...config,
    madeBy: {
      tlx: "0.1.0",
      otherGpus: [
        { adapter: "b", epoch: 1, step: 2 },
        { adapter: "c", epoch: 3, step: 0 },
      ],
    },
  });
  expect(parseConfig(twice)).toEqual(config);
});
