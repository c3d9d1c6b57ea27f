import { defaultCapabilities } from "@tlx/kernels";
import { completeSettings, describePlan, forecastMemory, planTraining, type TrainSettings } from "@tlx/transfer";
import { describe, expect, it } from "vitest";
import { tinyCheckpoint, tinyModel } from "./tiny-model.js";

const plan = (settings: Partial<TrainSettings> = {}) =>
  planTraining(tinyModel, tinyCheckpoint(), 3, completeSettings(settings));

describe("planTraining", () => {
  it("cuts the network before the head", () => {
    const { base, output, tail, trainable } = plan({ extractBatch: 5, batch: 7 });
    expect(base.graph.inputs.get("image")!.spec.shape).toEqual([5, 12, 12, 3]);
    expect(base.graph.outputs.get(output)!.spec.shape).toEqual([5, 8]);
    expect(tail.inputs.get(output)!.spec.shape).toEqual([7, 8]);
    expect(tail.outputs.get("logits")!.spec.shape).toEqual([7, 3]);
    expect([...trainable]).toEqual(["head.weight", "head.bias"]);
    expect([...base.graph.params.keys()].filter((path) => trainable.has(path))).toEqual([]);
  });

  it("counts what is trained and what is frozen", () => {
    const stem = 3 * 3 * 3 * 8 + 4 * 8; // batch norm: scale, shift, mean, variance
    expect(describePlan(plan())).toEqual({
      ...{ trained: ["head.weight", "head.bias"], trainedElements: 8 * 3 + 3 },
      ...{ frozen: 5, frozenElements: stem, featureWidth: 8 },
    });
    expect(describePlan(plan({ hidden: 6, dropout: 0.5 }))).toMatchObject({
      trained: ["head.0.weight", "head.0.bias", "head.3.weight", "head.3.bias"],
      trainedElements: 8 * 6 + 6 + 6 * 3 + 3,
    });
  });
});

describe("forecastMemory", () => {
  const bytes = (settings: Partial<TrainSettings>) => {
    const { optimizer } = completeSettings(settings);
    return forecastMemory(plan(settings), optimizer, defaultCapabilities);
  };

  it("counts the folded base, its largest values and the optimizer's moments", () => {
    const { weights, values, head } = bytes({ extractBatch: 2 });
    expect(weights).toBe(4 * (3 * 3 * 3 * 8 + 8)); // batch norm is folded into the convolution
    expect(values).toBeGreaterThanOrEqual(4 * 2 * 6 * 6 * 8);
    expect(head).toBe(4 * 27 * 4); // value, gradient, two moments of AdamW
    expect(bytes({ optimizer: "sgd" }).head).toBe(3 * 27 * 4);
  });

  it("grows with the pictures per pass", () => {
    expect(bytes({ extractBatch: 8 }).values).toBe(4 * bytes({ extractBatch: 2 }).values);
  });
});
