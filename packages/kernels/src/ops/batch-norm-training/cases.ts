import type { NoParams } from "../../op.js";
import { f32 } from "../../spec.js";
import type { Case } from "../../testing/record.js";
import type { BatchNormTrainingParams } from "./op.js";

type Over<P> = Pick<Case<P>, "inputs" | "params" | "fill">;

const uniform = (random: () => number): number => 2 * random() - 1;

/** Channels stand at `offset` times their number, far from zero beside their spread where it is large. */
export const batchNormTrainingOver = (
  {
    eps = 1e-5,
    momentum = 0.1,
    offset = 0.5,
    residual = false,
    ...more
  }: Partial<BatchNormTrainingParams> & { offset?: number; residual?: boolean },
  ...shape: number[]
): Over<BatchNormTrainingParams> => {
  const channels = shape.at(-1)!;
  return {
    inputs: [f32(...shape), ...Array.from({ length: 4 }, () => f32(channels)), ...(residual ? [f32(...shape)] : [])],
    params: { eps, momentum, ...more },
    fill: (input, index, random) =>
      input === 0 ? offset * (1 + (index % channels)) + uniform(random) : input === 4 ? 2 * random() : uniform(random),
  };
};

export const batchNormTrainingCases: readonly Case<BatchNormTrainingParams>[] = [
  { name: "two-values", tags: ["edge"], ...batchNormTrainingOver({}, 2, 1) },
  { name: "two-rows", tags: ["edge"], ...batchNormTrainingOver({ momentum: 1 }, 2, 5) },
  { name: "odd", tags: ["edge"], ...batchNormTrainingOver({ eps: 1e-3, momentum: 0.3 }, 2, 5, 7, 3) },
  { name: "relu", tags: ["edge"], ...batchNormTrainingOver({ activation: "relu" }, 2, 5, 7, 3) },
  { name: "relu6", tags: ["edge"], ...batchNormTrainingOver({ activation: "relu6" }, 3, 41, 5) },
  {
    name: "residual",
    tags: ["edge"],
    ...batchNormTrainingOver({ activation: "none", residual: true }, 2, 5, 7, 3),
  },
  {
    name: "residual-vectors",
    tags: ["edge"],
    ...batchNormTrainingOver({ activation: "relu", residual: true }, 3, 41, 12),
  },
  { name: "many-parts", tags: ["edge"], ...batchNormTrainingOver({}, 3, 41, 43, 5) },
  { name: "vectors", tags: ["edge"], ...batchNormTrainingOver({ activation: "relu6" }, 3, 41, 43, 12) },
  { name: "many-rows", tags: ["edge"], ...batchNormTrainingOver({ offset: 100 }, 100003, 4) },
  { name: "many-channels", tags: ["edge"], ...batchNormTrainingOver({}, 67, 516) },
  { name: "far-from-zero", tags: ["edge"], ...batchNormTrainingOver({ offset: 3000 }, 3, 37, 41, 2) },
  {
    name: "outliers-first",
    tags: ["edge"],
    ...batchNormTrainingOver({}, 4096, 4),
    // Where parts of any power of two begin.
    fill: (input, index, random) =>
      input === 0 && index % 1024 < 4 ? 1000 * (1 + random()) : input === 4 ? random() : uniform(random),
  },
  {
    name: "constant-channel",
    tags: ["edge"],
    ...batchNormTrainingOver({}, 11, 13, 3),
    fill: (input, index, random) => (input === 0 && index % 3 === 1 ? 0.7 : input === 4 ? random() : uniform(random)),
  },
  { name: "mobilenet-v2-stem", tags: ["model"], ...batchNormTrainingOver({}, 2, 112, 112, 32) },
  { name: "mobilenet-v2-last", tags: ["model"], ...batchNormTrainingOver({}, 4, 7, 7, 1280) },
  { name: "mobilenet-v2-stem-16", tags: ["bench"], ...batchNormTrainingOver({}, 16, 112, 112, 32) },
  { name: "mobilenet-v2-expand-16", tags: ["bench"], ...batchNormTrainingOver({}, 16, 56, 56, 144) },
];

const positive = (random: () => number): number => 0.2 + 2 * random();

/** rstd, input 2, is positive. */
export const paramGradOver = (...shape: number[]): Over<NoParams> => {
  const channel = f32(shape.at(-1)!);
  return {
    inputs: [f32(...shape), channel, channel, f32(...shape)],
    params: {},
    fill: (input, _index, random) => (input === 2 ? positive(random) : uniform(random)),
  };
};

/** rstd, input 3, is positive; the sums, inputs 5 and 6, are about as large as sums of n values. */
export const inputGradOver = (...shape: number[]): Over<NoParams> => {
  const channel = f32(shape.at(-1)!);
  const n = shape.reduce((a, b) => a * b, 1) / shape.at(-1)!;
  return {
    inputs: [f32(...shape), channel, channel, channel, f32(...shape), channel, channel],
    params: {},
    fill: (input, _index, random) =>
      input === 3 ? positive(random) : input > 4 ? n * uniform(random) : uniform(random),
  };
};

const gradCases = (over: (...shape: number[]) => Over<NoParams>): readonly Case<NoParams>[] => [
  { name: "one", tags: ["edge"], ...over(1, 1) },
  { name: "one-channel", tags: ["edge"], ...over(67, 1) },
  { name: "odd", tags: ["edge"], ...over(2, 5, 7, 3) },
  { name: "many-parts", tags: ["edge"], ...over(3, 41, 43, 5) },
  { name: "vectors", tags: ["edge"], ...over(3, 41, 43, 12) },
  { name: "many-rows", tags: ["edge"], ...over(100003, 4) },
  { name: "many-channels", tags: ["edge"], ...over(67, 516) },
  { name: "mobilenet-v2-stem", tags: ["model"], ...over(2, 112, 112, 32) },
  { name: "mobilenet-v2-last", tags: ["model"], ...over(4, 7, 7, 1280) },
  { name: "mobilenet-v2-stem-16", tags: ["bench"], ...over(16, 112, 112, 32) },
  { name: "mobilenet-v2-expand-16", tags: ["bench"], ...over(16, 56, 56, 144) },
];

export const batchNormParamGradCases: readonly Case<NoParams>[] = gradCases(paramGradOver);
export const batchNormInputGradCases: readonly Case<NoParams>[] = gradCases(inputGradOver);
