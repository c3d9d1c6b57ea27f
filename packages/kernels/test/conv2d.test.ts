import { type ConvParams, conv2d, depthwiseConv2d, f32, matmul, type Spec, TlxError, u32 } from "@tlx/kernels";
import { describe, expect, it } from "vitest";

const unit: ConvParams = { stride: [1, 1], pad: [0, 0, 0, 0], dilation: [1, 1], groups: 1, activation: "none" };

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

const inferConv = (inputs: Spec[], params: Partial<ConvParams> = {}) => conv2d.infer(inputs, { ...unit, ...params });

describe("output extents", () => {
  it.each([
    // extent, kernel, stride, before, after, dilation -> output
    [7, 3, 1, 0, 0, 1, 5],
    [7, 3, 1, 1, 1, 1, 7],
    [7, 3, 2, 1, 1, 1, 4],
    [8, 3, 2, 1, 1, 1, 4],
    [8, 3, 2, 0, 1, 1, 4],
    [8, 3, 2, 0, 0, 1, 3],
    [224, 7, 2, 3, 3, 1, 112],
    [7, 3, 1, 2, 2, 2, 7],
    [9, 3, 3, 0, 2, 3, 2],
    [1, 1, 5, 0, 0, 4, 1],
    [1, 3, 1, 0, 2, 1, 1],
  ])(
    "%i by kernel %i, stride %i, pad %i + %i, dilation %i: %i",
    (extent, kernel, stride, before, after, dilation, out) => {
      const vertical = inferConv([f32(1, extent, 5, 2), f32(kernel, 1, 2, 3)], {
        stride: [stride, 1],
        pad: [before, after, 0, 0],
        dilation: [dilation, 1],
      });
      const horizontal = inferConv([f32(1, 5, extent, 2), f32(1, kernel, 2, 3)], {
        stride: [1, stride],
        pad: [0, 0, before, after],
        dilation: [1, dilation],
      });
      expect(vertical).toEqual([f32(1, out, 5, 3)]);
      expect(horizontal).toEqual([f32(1, 5, out, 3)]);
    },
  );
});

it("conv2d says what does not fit", () => {
  const x = f32(8, 56, 57, 32);
  const w = f32(3, 3, 32, 128);
  const texts = [
    () => inferConv([x]),
    () => inferConv([x, f32(3, 3, 64, 128)]),
    () => inferConv([x, f32(3, 3, 16, 128)], { groups: 3 }),
    () => inferConv([x, f32(3, 32, 128)]),
    () => inferConv([u32(8, 56, 57, 32), w]),
    () => inferConv([f32(1, 2, 9, 32), w]),
    () => inferConv([f32(1, 5, 4, 32), w], { dilation: [1, 2] }),
    () => inferConv([x, w, f32(32)]),
    () => inferConv([x, w, f32(128), x]),
    () => inferConv([x, w], { stride: [0, 1] }),
    () => inferConv([x, w], { pad: [0, -1, 0, 0] }),
  ].map(errorOf);
  expect(texts).toMatchInlineSnapshot(`
    [
      "E_SHAPE conv2d: expects x, w and perhaps scale, bias and residual, found 1 inputs",
      "E_SHAPE conv2d: weight expects 64 input channels (C/groups of f32[3, 3, 64, 128], groups 1) but x has 32 (C of f32[8, 56, 57, 32])",
      "E_SHAPE conv2d: groups 3 must divide the input channels 32 and the output channels 128",
      "E_SHAPE conv2d: w must be f32 [KH, KW, C/groups, OC], found f32[3, 32, 128]",
      "E_SHAPE conv2d: x must be f32 [N, H, W, C], found u32[8, 56, 57, 32]",
      "E_SHAPE conv2d: the kernel spans 3 in height (kernel 3, dilation 1) but the padded input has only 2 (2 + 0 + 0)",
      "E_SHAPE conv2d: the kernel spans 5 in width (kernel 3, dilation 2) but the padded input has only 4 (4 + 0 + 0)",
      "E_SHAPE conv2d: the bias must be f32[128] (the channels of the result f32[8, 54, 55, 128]), found f32[32]",
      "E_SHAPE conv2d: the residual must be f32[8, 54, 55, 128] (the shape of the result), found f32[8, 56, 57, 32]",
      "E_USAGE conv2d: stride, dilation and groups must be integers of at least 1 and pad of at least 0, found stride [0,1], dilation [1,1], groups 1, pad [0,0,0,0]",
      "E_USAGE conv2d: stride, dilation and groups must be integers of at least 1 and pad of at least 0, found stride [1,1], dilation [1,1], groups 1, pad [0,-1,0,0]",
    ]
  `);
});

it("depthwiseConv2d says what does not fit", () => {
  const x = f32(1, 9, 8, 32);
  const texts = [
    () => depthwiseConv2d.infer([x, f32(3, 3, 1, 16)], unit),
    () => depthwiseConv2d.infer([x, f32(3, 3, 2, 32)], unit),
    () => depthwiseConv2d.infer([x, f32(3, 3, 1, 64)], unit),
    () => depthwiseConv2d.infer([x, f32(3, 3, 1, 32), f32(1)], unit),
    () => depthwiseConv2d.infer([x, f32(3, 3, 1, 32), f32(32), x], unit),
  ].map(errorOf);
  expect(texts).toMatchInlineSnapshot(`
    [
      "E_SHAPE depthwiseConv2d: expected a weight [KH, KW, 1, 32] (C of f32[1, 9, 8, 32]), found f32[3, 3, 1, 16]",
      "E_SHAPE depthwiseConv2d: expected a weight [KH, KW, 1, 32] (C of f32[1, 9, 8, 32]), found f32[3, 3, 2, 32]",
      "E_SHAPE depthwiseConv2d: expected a weight [KH, KW, 1, 32] (C of f32[1, 9, 8, 32]), found f32[3, 3, 1, 64]",
      "E_SHAPE depthwiseConv2d: the bias must be f32[32] (the channels of the result f32[1, 7, 6, 32]), found f32[1]",
      "E_SHAPE depthwiseConv2d: the residual must be f32[1, 7, 6, 32] (the shape of the result), found f32[1, 9, 8, 32]",
    ]
  `);
});

it("matmul says what does not fit", () => {
  const none = { activation: "none" } as const;
  const texts = [
    () => matmul.infer([f32(2, 3), f32(4, 5)], none),
    () => matmul.infer([f32(2, 3), f32(3, 5), f32(2)], none),
    () => matmul.infer([f32(2, 3, 1), f32(3, 5)], none),
    () => matmul.infer([f32(2, 3)], none),
  ].map(errorOf);
  expect(texts).toMatchInlineSnapshot(`
    [
      "E_SHAPE matmul: a has K = 3 (K of [M, K] = f32[2, 3]) but b has 4 (K of [K, N] = f32[4, 5])",
      "E_SHAPE matmul: the bias must be f32[5] (N of b), found f32[2]",
      "E_SHAPE matmul: a must be an f32 matrix, found f32[2, 3, 1]",
      "E_SHAPE matmul: expects a, b and perhaps a bias, found 1 inputs",
    ]
  `);
});
