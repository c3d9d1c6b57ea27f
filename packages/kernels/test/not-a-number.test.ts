import type { Gpu } from "@tlx/kernels";
import { caseData, prepareCase, records } from "@tlx/kernels/testing";
import { beforeAll, describe, expect, it } from "vitest";
import { testGpu } from "../../../test/support/gpu.js";
import { everyVariant } from "./check-case.js";

let gpu: Gpu;
beforeAll(async () => {
  gpu = await testGpu();
});

// A NaN that a kernel hides (max(NaN, 0) is 0 in WGSL) would turn a diverged network into a plausible one.
const showing = [
  "relu",
  "relu6",
  "sigmoid",
  "silu",
  "hardSigmoid",
  "hardSwish",
  "sigmoidGrad",
  "siluGrad",
  "hardSwishGrad",
  "gateChannels",
  "gateChannelsGrad",
  "add",
  "maxPool",
  "averagePool",
  "adaptiveAveragePool",
  "adaptiveAveragePoolGrad",
  "conv2d",
  "depthwiseConv2d",
  "expandDepthwise",
  "conv2dInputGrad",
  "depthwiseConv2dInputGrad",
  "depthwiseConv2dGrads",
  "matmul",
  "multiply",
  "mixSamples",
  "squaredNorm",
  "batchNormTraining",
  "batchNormParamGrad",
  "batchNormInputGrad",
  "channelScale",
  "averagePoolGrad",
  "globalAveragePoolGrad",
];

describe.each(showing)("%s shows a NaN of its input", (name) => {
  const record = records.find((r) => r.op.name === name)!;
  const small = record.cases.filter((c) => c.tags.includes("edge") && c.name !== "many-groups").slice(1, 4);
  const ended = record.cases.filter((c) => c.tags.includes("edge") && c.params.extras?.includes("gate")).slice(1, 3);
  for (const c of [...small, ...ended]) {
    const size = c.inputs[0]!.shape.reduce((a, b) => a * b, 1);
    const poisoned = {
      ...c,
      fill: (input: number, i: number, random: () => number) => {
        if (input === 0 && i === size >> 1) return Number.NaN;
        return c.params.extras?.[input - 2] === "gate" ? 1 : 2 * random() - 1; // a closed gate hides it rightly
      },
    };
    const data = caseData(record, poisoned);
    const expected = record.reference(data.inputs, data.problem)[0]!;
    for (const variant of everyVariant(record.op)) {
      it(`${c.name} / ${variant.name}`, async ({ skip }) => {
        if (!variant.fits(data.problem, gpu.capabilities)) skip("this variant does not fit the case or the adapter");
        const prepared = await prepareCase(gpu, record, data, variant);
        try {
          const { outputs } = await prepared.run();
          const found = Array.from(outputs[0]!, (v) => Number.isNaN(v));
          expect(found).toEqual(Array.from(expected, (v) => Number.isNaN(v)));
          expect(found).toContain(true);
        } finally {
          prepared.dispose();
        }
      });
    }
  }
});
