import type { NoParams } from "../../op.js";
import { f32 } from "../../spec.js";
import type { Case, CaseTag } from "../../testing/record.js";

type Picture = readonly [n: number, h: number, w: number, c: number];

const pictures: readonly (readonly [name: string, tags: readonly CaseTag[], shape: Picture])[] = [
  ["odd", ["edge"], [2, 5, 7, 3]],
  ["one", ["edge"], [1, 1, 1, 1]],
  ["one-channel", ["edge"], [3, 4, 2, 1]],
  ["one-pixel", ["edge"], [5, 1, 1, 6]],
  ["vectors", ["edge"], [3, 11, 13, 12]],
  ["mobilenet-v3-small", ["model"], [2, 14, 14, 96]],
  ["efficientnet-b0", ["model", "bench"], [1, 56, 56, 96]],
];

export const gatedPicture = (...[n, h, w, c]: Picture): Pick<Case<NoParams>, "inputs" | "params"> => ({
  inputs: [f32(n, h, w, c), f32(n, 1, 1, c)],
  params: {},
});
export const gatedPictureGrad = (...shape: Picture): Pick<Case<NoParams>, "inputs" | "params"> => ({
  inputs: [f32(...shape), f32(...shape)],
  params: {},
});

export const gateChannelsCases: readonly Case<NoParams>[] = pictures.map(([name, tags, shape]) => ({
  ...{ name, tags, ...gatedPicture(...shape) },
}));
export const gateChannelsGradCases: readonly Case<NoParams>[] = pictures.map(([name, tags, shape]) => ({
  ...{ name, tags, ...gatedPictureGrad(...shape) },
}));
