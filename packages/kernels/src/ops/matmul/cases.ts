import type { NoParams } from "../../op.js";
import { f32 } from "../../spec.js";
import type { Case, CaseTag } from "../../testing/record.js";
import type { Activation, Curve } from "../../wgsl/functions.js";
import { hardSwish } from "../curve/op.js";
import type { MatmulParams } from "./op.js";

/** Extents of a product of an M x K by a K x N matrix. */
interface Extents {
  readonly name: string;
  readonly tags: readonly CaseTag[];
  readonly m: number;
  readonly k: number;
  readonly n: number;
  readonly bias?: true;
  readonly activation?: Activation | Curve;
}

const extents: readonly Extents[] = [
  { name: "one", tags: ["edge"], m: 1, k: 1, n: 1 },
  { name: "distinct", tags: ["edge"], m: 5, k: 7, n: 3 },
  { name: "cube", tags: ["edge"], m: 9, k: 9, n: 9, bias: true },
  { name: "tile-1", tags: ["edge"], m: 31, k: 10, n: 33, bias: true, activation: "relu" },
  { name: "tile", tags: ["edge"], m: 32, k: 8, n: 32 },
  { name: "tile+1", tags: ["edge"], m: 33, k: 11, n: 31, bias: true, activation: "relu6" },
  { name: "quads", tags: ["edge"], m: 35, k: 14, n: 44, bias: true, activation: "relu6" },
  { name: "curve", tags: ["edge"], m: 5, k: 9, n: 36, bias: true, activation: hardSwish.ends! },
  { name: "tall", tags: ["edge"], m: 131, k: 3, n: 2, activation: "relu6" },
  { name: "wide", tags: ["edge"], m: 2, k: 5, n: 257, bias: true },
  { name: "long-sum", tags: ["edge"], m: 3, k: 2049, n: 5 },
  { name: "mobilenet-v2-classifier", tags: ["model"], m: 1, k: 1280, n: 1000, bias: true },
  { name: "head-batch-32", tags: ["model", "bench"], m: 32, k: 1280, n: 10, bias: true },
  { name: "few-tiles", tags: ["bench"], m: 32, k: 12544, n: 64 },
  { name: "square-256", tags: ["bench"], m: 256, k: 256, n: 256 },
  { name: "square-512", tags: ["bench"], m: 512, k: 512, n: 512 },
];

export const matmulCases: readonly Case<MatmulParams>[] = extents.map(({ name, tags, m, k, n, bias, activation }) => ({
  name,
  tags,
  inputs: bias ? [f32(m, k), f32(k, n), f32(n)] : [f32(m, k), f32(k, n)],
  params: { activation: activation ?? "none" },
}));

export const matmulTransposeACases: readonly Case<NoParams>[] = extents.map(({ name, tags, m, k, n }) => ({
  name,
  tags,
  inputs: [f32(k, m), f32(k, n)],
  params: {},
}));

export const matmulTransposeBCases: readonly Case<NoParams>[] = extents.map(({ name, tags, m, k, n }) => ({
  name,
  tags,
  inputs: [f32(m, k), f32(n, k)],
  params: {},
}));
