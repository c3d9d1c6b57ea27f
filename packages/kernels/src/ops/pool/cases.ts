import { f32 } from "../../spec.js";
import type { Case } from "../../testing/record.js";
import type { AveragePoolParams } from "./average-pool.js";
import type { PoolParams } from "./geometry.js";
import type { GlobalAveragePoolParams } from "./global-average-pool.js";

const pool = (
  kernel: PoolParams["kernel"],
  stride: PoolParams["stride"],
  pad: PoolParams["pad"] = [0, 0, 0, 0],
  ceilMode = false,
): PoolParams => ({ kernel, stride, pad, ceilMode });

// Below zero everywhere: padding with zeros, or a start at zero, would win.
const negative = (_input: number, _index: number, random: () => number): number => -1 - random();

const squeeze = pool([3, 3], [2, 2], [0, 0, 0, 0], true);

export const maxPoolCases: readonly Case<PoolParams>[] = [
  { name: "one", tags: ["edge"], inputs: [f32(1, 1, 1, 1)], params: pool([1, 1], [1, 1]), fill: negative },
  { name: "asymmetric", tags: ["edge"], inputs: [f32(2, 9, 11, 5)], params: pool([3, 4], [2, 3], [1, 0, 2, 1]) },
  {
    name: "padded-negative",
    tags: ["edge"],
    inputs: [f32(2, 5, 7, 3)],
    params: pool([3, 3], [2, 2], [1, 1, 1, 1]),
    fill: negative,
  },
  {
    name: "ceil-hangs-over",
    tags: ["edge"],
    inputs: [f32(1, 6, 8, 3)],
    params: pool([3, 3], [2, 2], [0, 0, 0, 0], true),
    fill: negative,
  },
  {
    name: "ceil-drops-window",
    tags: ["edge"],
    inputs: [f32(2, 3, 5, 1)],
    params: pool([2, 2], [2, 2], [1, 1, 1, 1], true),
  },
  {
    name: "ceil-smaller-than-kernel",
    tags: ["edge"],
    inputs: [f32(1, 2, 4, 3)],
    params: pool([3, 3], [2, 2], [0, 0, 0, 0], true),
  },
  { name: "gaps-between-windows", tags: ["edge"], inputs: [f32(1, 11, 13, 2)], params: pool([2, 1], [5, 4]) },
  { name: "vectors", tags: ["edge"], inputs: [f32(2, 9, 11, 12)], params: pool([3, 4], [2, 3], [1, 0, 2, 1]) },
  {
    name: "vectors-padded-negative",
    tags: ["edge"],
    inputs: [f32(2, 5, 7, 8)],
    params: pool([3, 3], [1, 2], [1, 1, 1, 1], true),
    fill: negative,
  },
  { name: "squeezenet-1.1-pool1", tags: ["model", "bench"], inputs: [f32(1, 111, 111, 64)], params: squeeze },
  { name: "squeezenet-1.1-pool5", tags: ["model"], inputs: [f32(1, 27, 27, 256)], params: squeeze },
  { name: "inception-v3-mixed-6a", tags: ["model"], inputs: [f32(1, 35, 35, 288)], params: pool([3, 3], [2, 2]) },
  { name: "resnet-stem", tags: ["model"], inputs: [f32(1, 112, 112, 64)], params: pool([3, 3], [2, 2], [1, 1, 1, 1]) },
];

export const averagePoolCases: readonly Case<AveragePoolParams>[] = [
  ...[true, false].flatMap((countPadding): Case<AveragePoolParams>[] => {
    const end = countPadding ? "counted" : "not-counted";
    return [
      {
        name: `asymmetric-${end}`,
        tags: ["edge"],
        inputs: [f32(2, 9, 11, 5)],
        params: { ...pool([3, 4], [2, 3], [1, 0, 2, 1]), countPadding },
      },
      {
        name: `vectors-${end}`,
        tags: ["edge"],
        inputs: [f32(2, 9, 11, 12)],
        params: { ...pool([3, 4], [2, 3], [1, 0, 2, 1]), countPadding },
      },
      {
        name: `ceil-${end}`,
        tags: ["edge"],
        inputs: [f32(2, 6, 8, 3)],
        params: { ...pool([3, 5], [2, 4], [1, 1, 2, 2], true), countPadding },
      },
      {
        name: `inception-v3-branch-pool-${end}`,
        tags: ["model"],
        inputs: [f32(1, 35, 35, 192)],
        params: { ...pool([3, 3], [1, 1], [1, 1, 1, 1]), countPadding },
      },
    ];
  }),
  { name: "one", tags: ["edge"], inputs: [f32(1, 1, 1, 1)], params: { ...pool([1, 1], [1, 1]), countPadding: true } },
  {
    name: "densenet-transition",
    tags: ["model", "bench"],
    inputs: [f32(1, 56, 56, 128)],
    params: { ...pool([2, 2], [2, 2]), countPadding: true },
  },
];

export const globalAveragePoolCases: readonly Case<GlobalAveragePoolParams>[] = [
  { name: "one", tags: ["edge"], inputs: [f32(1, 1, 1, 1)], params: {}, fill: () => 3 },
  { name: "odd", tags: ["edge"], inputs: [f32(2, 5, 7, 3)], params: {} },
  { name: "one-channel", tags: ["edge"], inputs: [f32(3, 4, 2, 1)], params: {} },
  { name: "kept-rank", tags: ["edge"], inputs: [f32(3, 4, 2, 5)], params: { keepRank: true } },
  { name: "vectors", tags: ["edge"], inputs: [f32(3, 5, 7, 12)], params: {} },
  {
    name: "large",
    tags: ["edge"],
    inputs: [f32(2, 131, 127, 4)],
    params: {},
    fill: (_input, _index, random) => 100 * random(),
  },
  { name: "mobilenet-v2", tags: ["model", "bench"], inputs: [f32(8, 7, 7, 1280)], params: {} },
  { name: "squeezenet-1.1", tags: ["model"], inputs: [f32(1, 13, 13, 1000)], params: {} },
];
