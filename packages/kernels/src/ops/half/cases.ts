import type { NoParams } from "../../op.js";
import { f32, u32 } from "../../spec.js";
import type { Case } from "../../testing/record.js";
import type { UnpackHalfParams } from "./unpack-half.js";

/** Of every size from subnormal half floats to beyond the largest. */
const anyMagnitude = (_input: number, _index: number, random: () => number): number =>
  (2 * random() - 1) * 2 ** (42 * random() - 25);

export const packed = (...shape: number[]): Pick<Case<NoParams>, "inputs" | "params" | "fill"> => ({
  inputs: [f32(...shape)],
  params: {},
  fill: anyMagnitude,
});

/** Halfway between neighbours, to even below and above, at the ends of the range, carrying into the exponent. */
const ties = [
  ...[1 + 2 ** -11, 1 + 3 * 2 ** -11, 1 + 2 ** -11 + 2 ** -23, 2 - 2 ** -11, 2048.5, 2049, 2051],
  ...[65504, 65519.99, 65520, 1e9, 2 ** -14, 2 ** -14 - 2 ** -25, 2 ** -24, 2 ** -25, 3 * 2 ** -25, 2 ** -26, 0],
];

const beyond = [
  Number.NaN,
  1,
  Number.POSITIVE_INFINITY,
  Number.NEGATIVE_INFINITY,
  1e38,
  -1e6,
  -65520,
  -65519,
  Number.NaN,
];

export const packHalfCases: readonly Case<NoParams>[] = [
  { name: "one", tags: ["edge"], inputs: [f32(1)], params: {}, fill: () => 3 },
  { name: "odd", tags: ["edge"], ...packed(3, 5, 7) },
  { name: "even", tags: ["edge"], ...packed(2, 5, 7, 3) },
  {
    name: "ties",
    tags: ["edge"],
    inputs: [f32(2, ties.length)],
    params: {},
    fill: (_input, index) => (index < ties.length ? 1 : -1) * ties[index % ties.length]!,
  },
  {
    name: "beyond-half-floats",
    tags: ["edge"],
    inputs: [f32(beyond.length)],
    params: {},
    fill: (_input, index) => beyond[index]!,
  },
  { name: "mobilenet-v2-stem", tags: ["model", "bench"], ...packed(1, 112, 112, 32) },
];

const finiteHalf = (random: () => number): number => Math.floor(2 * random()) * 0x8000 + Math.floor(0x7c00 * random());

export const unpacked = (...shape: number[]): Pick<Case<UnpackHalfParams>, "inputs" | "params" | "fill"> => ({
  inputs: [u32(Math.ceil(shape.reduce((a, b) => a * b, 1) / 2))],
  params: { shape },
  fill: (_input, _index, random) => finiteHalf(random) + 65536 * finiteHalf(random),
});

export const unpackHalfCases: readonly Case<UnpackHalfParams>[] = [
  { name: "one", tags: ["edge"], ...unpacked(1), fill: () => 0x4200 },
  { name: "odd", tags: ["edge"], ...unpacked(3, 5, 7) },
  { name: "even", tags: ["edge"], ...unpacked(2, 5, 7, 3) },
  {
    name: "every-half-float",
    tags: ["edge"],
    ...unpacked(0x7c00),
    fill: (_input, index) => 2 * index + 65536 * ((2 * index + 1) | 0x8000),
  },
  { name: "mobilenet-v2-stem", tags: ["model", "bench"], ...unpacked(1, 112, 112, 32) },
];
