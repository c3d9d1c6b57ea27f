import {
  type ConvInputGradParams,
  type ConvWeightGradParams,
  conv2dInputGrad,
  conv2dWeightGrad,
  defaultCapabilities,
  depthwiseConv2dGrads,
  depthwiseConv2dInputGrad,
  depthwiseConv2dWeightGrad,
  f32,
  sizeOf,
  TlxError,
  u32,
} from "@tlx/kernels";
import { expect, it } from "vitest";
import { phasesOf } from "../src/ops/conv2d/geometry.js";

const window = { stride: [2, 2], pad: [1, 1, 1, 1], dilation: [1, 1], groups: 1 } as const;
const ofInput: ConvInputGradParams = { ...window, inputSize: [9, 8] };
const ofWeight: ConvWeightGradParams = { ...window, kernel: [3, 3] };

/** Code and text of the error that `make` throws. */
function errorOf(make: () => unknown): string {
  try {
    make();
  } catch (error) {
    if (error instanceof TlxError) return `${error.code} ${error.message}`;
    throw error;
  }
  return "no error";
}

it("phases hold every meeting of an input and an output, once", () => {
  for (let stride = 1; stride <= 6; stride++)
    for (let dilation = 1; dilation <= 6; dilation++)
      for (let before = 0; before <= 4; before++)
        for (const [extent, kernel] of [
          [1, 1],
          [3, 5],
          [13, 3],
        ] as const) {
          const expected: string[] = [];
          for (let out = -40; out <= 40; out++)
            for (let tap = 0; tap < kernel; tap++) {
              const at = out * stride + tap * dilation - before;
              if (at >= 0 && at < extent) expected.push(`${at} ${tap} ${out}`);
            }
          const found = phasesOf(extent, kernel, stride, before, dilation).flatMap((phase) => {
            const meetings: string[] = [];
            for (let i = 0; i < phase.count; i++)
              for (let tap = phase.tap, out = phase.out; tap < kernel; tap += phase.tapStep, out -= phase.outStep)
                meetings.push(`${phase.start + i * stride} ${tap} ${out + i}`);
            return meetings;
          });
          expect(found.sort(), `${extent} ${kernel} ${stride} ${before} ${dilation}`).toEqual(expected.sort());
        }
});

it("an input gradient takes the size of x from its parameters: a stride hides a last row", () => {
  const inputs = [f32(2, 5, 4, 6), f32(3, 3, 3, 6)];
  expect(conv2dInputGrad.infer(inputs, ofInput)).toEqual([f32(2, 9, 8, 3)]);
  expect(conv2dInputGrad.infer(inputs, { ...ofInput, inputSize: [10, 7] })).toEqual([f32(2, 10, 7, 3)]);
});

it("parts of a weight gradient keep a device busy within a bounded scratch", () => {
  const caps = { ...defaultCapabilities, subgroupSize: 32 };
  for (const [n, size, c, kernel, oc] of [
    [64, 112, 16, 1, 96],
    [64, 112, 32, 3, 32],
    [2, 7, 512, 3, 512],
    [1, 7, 160, 1, 960],
  ] as const) {
    const pad = kernel === 3 ? ([1, 1, 1, 1] as const) : ([0, 0, 0, 0] as const);
    const params: ConvWeightGradParams = { ...window, stride: [1, 1], pad, kernel: [kernel, kernel] };
    const inputs = [f32(n, size, size, c), f32(n, size, size, oc)];
    const problem = { inputs, outputs: conv2dWeightGrad.infer(inputs, params), params };
    for (const variant of conv2dWeightGrad.variants) {
      const { scratch = [], dispatches } = variant.lower(problem, caps);
      expect(sizeOf(scratch[0] ?? f32(1)) * 4).toBeLessThanOrEqual(2 ** 25);
      expect(dispatches.length).toBe(1 + scratch.length);
      const [across, down] = dispatches[0]!.workgroups;
      if (size === 112) expect(across * down, variant.name).toBeGreaterThanOrEqual(512);
    }
  }
});

it("gradients of convolutions say what does not fit", () => {
  const dy = f32(1, 5, 4, 6);
  const x = f32(1, 9, 8, 4);
  const dw = { ...window, kernel: [3, 3] } as const;
  const texts = [
    () => conv2dInputGrad.infer([dy], ofInput),
    () => conv2dInputGrad.infer([u32(1, 5, 4, 6), f32(3, 3, 4, 6)], ofInput),
    () => conv2dInputGrad.infer([dy, f32(3, 3, 4, 5)], ofInput),
    () => conv2dInputGrad.infer([dy, f32(3, 3, 4, 6)], { ...ofInput, inputSize: [11, 8] }),
    () => conv2dInputGrad.infer([dy, f32(3, 3, 4, 6)], { ...ofInput, stride: [0, 1] }),
    () => conv2dWeightGrad.infer([x, f32(1, 5, 6)], ofWeight),
    () => conv2dWeightGrad.infer([x, dy], { ...ofWeight, groups: 3 }),
    () => conv2dWeightGrad.infer([x, dy], { ...ofWeight, kernel: [5, 3] }),
    () => depthwiseConv2dInputGrad.infer([dy, f32(3, 3, 1, 4)], ofInput),
    () => depthwiseConv2dWeightGrad.infer([x, dy], dw),
    () => depthwiseConv2dGrads.infer([dy, f32(3, 3, 1, 6)], window),
    () => depthwiseConv2dGrads.infer([dy, f32(5, 5, 1, 6), f32(1, 9, 8, 6)], window),
    () => depthwiseConv2dGrads.infer([dy, f32(3, 3, 1, 6), f32(1, 9, 8, 6), f32(5)], window),
    () =>
      depthwiseConv2dGrads.infer([f32(1, 9, 4, 6), f32(3, 3, 1, 6), f32(1, 9, 8, 6)], { ...window, stride: [1, 2] }),
    () =>
      depthwiseConv2dGrads.infer([f32(1, 13, 12, 6), f32(3, 3, 1, 6), f32(1, 9, 8, 6)], {
        ...{ stride: [1, 1], pad: [3, 3, 3, 3], dilation: [1, 1] },
        sums: ["dx", "dy"],
      }),
  ].map(errorOf);
  expect(texts).toMatchInlineSnapshot(`
    [
      "E_SHAPE conv2dInputGrad: expects dy [N, OH, OW, OC] and w [KH, KW, C/groups, OC], all f32 of four dimensions, found f32[1, 5, 4, 6]",
      "E_SHAPE conv2dInputGrad: expects dy [N, OH, OW, OC] and w [KH, KW, C/groups, OC], all f32 of four dimensions, found u32[1, 5, 4, 6], f32[3, 3, 4, 6]",
      "E_SHAPE conv2dInputGrad: the gradient must have the shape of the output, f32[1, 5, 4, 5] for x f32[1, 9, 8, 4] and w f32[3, 3, 4, 5], found f32[1, 5, 4, 6]",
      "E_SHAPE conv2dInputGrad: the gradient must have the shape of the output, f32[1, 6, 4, 6] for x f32[1, 11, 8, 4] and w f32[3, 3, 4, 6], found f32[1, 5, 4, 6]",
      "E_USAGE conv2dInputGrad: stride, dilation and groups must be integers of at least 1 and pad of at least 0, found stride [0,1], dilation [1,1], groups 1, pad [1,1,1,1]",
      "E_SHAPE conv2dWeightGrad: expects x [N, H, W, C] and dy [N, OH, OW, OC], all f32 of four dimensions, found f32[1, 9, 8, 4], f32[1, 5, 6]",
      "E_SHAPE conv2dWeightGrad: groups 3 must divide the input channels 4 (C of f32[1, 9, 8, 4])",
      "E_SHAPE conv2dWeightGrad: the gradient must have the shape of the output, f32[1, 4, 4, 6] for x f32[1, 9, 8, 4] and w f32[5, 3, 4, 6], found f32[1, 5, 4, 6]",
      "E_SHAPE depthwiseConv2dInputGrad: expected a weight [KH, KW, 1, 6] (C of f32[1, 5, 4, 6]), found f32[3, 3, 1, 4]",
      "E_SHAPE depthwiseConv2dWeightGrad: groups 4 must divide the input channels 4 and the output channels 6",
      "E_SHAPE depthwiseConv2dWeightGrad: expects x [N, H, W, C] and dy [N, OH, OW, C], all f32 of four dimensions, found f32[1, 5, 4, 6]",
      "E_SHAPE depthwiseConv2dInputGrad: the gradient must have the shape of the output, f32[1, 4, 3, 6] for x f32[1, 9, 8, 6] and w f32[5, 5, 1, 6], found f32[1, 5, 4, 6]",
      "E_SHAPE depthwiseConv2dInputGrad: the scale must be f32[6] (the channels of the result f32[1, 9, 8, 6]), found f32[5]",
      "E_USAGE depthwiseConv2dGrads: expected a stride of 1 or 2 and no dilation, found stride 1,2, dilation 1,1",
      "E_USAGE depthwiseConv2dGrads: expected pads that leave no value of dy beyond x, found pad [3,3,3,3]; sum it by columnSums",
    ]
  `);
});
