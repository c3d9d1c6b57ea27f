/** Layers: short functions of a scope that name params and apply ops. Param names are torchvision's. */
import {
  type Activation,
  adaptiveAveragePool as adaptiveAveragePoolOp,
  addBias,
  averagePool as averagePoolOp,
  batchNorm as batchNormOp,
  check,
  concat as concatOp,
  conv2d as conv2dOp,
  depthwiseConv2d as depthwiseConv2dOp,
  dropout as dropoutOp,
  f32,
  flattenPicture as flattenPictureOp,
  formatSpec,
  globalAveragePool as globalAveragePoolOp,
  matmul,
  maxPool as maxPoolOp,
  relu,
  relu6,
  type Value,
} from "@tlx/kernels";
import type { Scope } from "./graph/builder.js";
import { seedFor } from "./init.js";
import { largeNodes } from "./program/cut-nodes.js";

export interface ConvOptions {
  /** Output channels. */
  readonly out: number;
  /** Kernel height and width; one number for both. */
  readonly kernel: number | readonly [number, number];
  /** Default 1. */
  readonly stride?: number;
  /** Padding of height and width on both sides, one number for both, or of top, bottom, left and right. Default 0. */
  readonly pad?: number | readonly [number, number] | readonly [number, number, number, number];
  /** Default 1. */
  readonly dilation?: number;
  /** Default 1. */
  readonly groups?: number;
  /** Default false. */
  readonly bias?: boolean;
}

const pair = (v: number | readonly [number, number]): readonly [number, number] => (typeof v === "number" ? [v, v] : v);

/**
 * Convolution [N, H, W, C] -> [N, OH, OW, OC] with params `weight` [KH, KW, C / groups, OC] and `bias` [OC]; depthwise
 * where groups = C = OC. Throws E_SHAPE when x has another rank or C is not divisible by the groups.
 */
export function conv2d(s: Scope, x: Value, options: ConvOptions): Value {
  const { out, stride = 1, dilation = 1, groups = 1, bias = false } = options;
  const [kh, kw] = pair(options.kernel);
  const { pad = 0 } = options;
  const [ph, pw] = pair(typeof pad === "number" ? pad : [pad[0], pad[1]]);
  const channels = x.spec.shape[3] ?? 0;
  check(
    x.spec.shape.length === 4 && channels % groups === 0,
    "E_SHAPE",
    () =>
      `conv2d "${s.path}": expects x [N, H, W, C] with C divisible by ${groups} groups, found ${formatSpec(x.spec)}`,
  );
  const weight = s.param("weight", f32(kh, kw, channels / groups, out));
  const geometry = {
    stride: [stride, stride] as const,
    pad: typeof pad !== "number" && pad.length === 4 ? pad : ([ph, ph, pw, pw] as const),
    dilation: [dilation, dilation] as const,
    activation: "none" as const,
  };
  const depthwise = groups > 1 && groups === channels && out === channels;
  const y = depthwise
    ? s.apply(depthwiseConv2dOp, [x, weight], geometry)
    : s.apply(conv2dOp, [x, weight], { ...geometry, groups });
  return bias ? s.apply(addBias, [y, s.param("bias", f32(out))], {}) : y;
}

/** Batch norm over the last dimension: params `weight` and `bias`, states `running_mean` and `running_var`, [C] each. */
export function batchNorm(s: Scope, x: Value, eps = 1e-5): Value {
  const spec = f32(x.spec.shape.at(-1)!);
  const inputs = [
    x,
    s.param("weight", spec),
    s.param("bias", spec),
    s.state("running_mean", spec),
    s.state("running_var", spec),
  ];
  return s.apply(batchNormOp, inputs, { eps });
}

/** Dense layer: x [N, in] -> [N, out] with params `weight` [in, out] and `bias` [out]. Throws E_SHAPE for another rank. */
export function linear(s: Scope, x: Value, out: number): Value {
  const { shape } = x.spec;
  check(shape.length === 2, "E_SHAPE", () => `linear "${s.path}": expects x [N, in], found ${formatSpec(x.spec)}`);
  const weight = s.param("weight", f32(shape[1]!, out));
  const y = s.apply(matmul, [x, weight], { activation: "none" });
  return s.apply(addBias, [y, s.param("bias", f32(out))], {});
}

/** Says that dense layers of this network may have weights that some devices cannot bind whole: there they are cut. */
export function expectLargeWeights({ builder }: Scope): void {
  builder.large = largeNodes;
}

export interface PoolOptions {
  /** Window height and width; one number for both. */
  readonly kernel: number | readonly [number, number];
  /** Default 1. */
  readonly stride?: number;
  /** Padding of height and width on both sides; one number for both. Default 0. */
  readonly pad?: number | readonly [number, number];
  /** Keep a last window that hangs over the edge. Default false. */
  readonly ceilMode?: boolean;
}

function windowOf({ kernel, stride = 1, pad = 0, ceilMode = false }: PoolOptions) {
  const [ph, pw] = pair(pad);
  return { kernel: pair(kernel), stride: pair(stride), pad: [ph, ph, pw, pw] as const, ceilMode };
}

/** Largest element of each window: [N, H, W, C] -> [N, OH, OW, C]. */
export function maxPool(s: Scope, x: Value, options: PoolOptions): Value {
  return s.apply(maxPoolOp, [x], windowOf(options));
}

/** Mean of each window: [N, H, W, C] -> [N, OH, OW, C]; `countPadding` counts padded zeros, as torchvision does. */
export function averagePool(s: Scope, x: Value, options: PoolOptions & { readonly countPadding: boolean }): Value {
  return s.apply(averagePoolOp, [x], { ...windowOf(options), countPadding: options.countPadding });
}

/** Mean of each channel: [N, H, W, C] -> [N, C]. */
export function globalAveragePool(s: Scope, x: Value): Value {
  return s.apply(globalAveragePoolOp, [x], {});
}

/** Means of `size` x `size` windows that share out the picture: [N, H, W, C] -> [N, size, size, C]. */
export function adaptiveAveragePool(s: Scope, x: Value, size: number): Value {
  if (x.spec.shape[1] === size && x.spec.shape[2] === size) return x;
  return s.apply(adaptiveAveragePoolOp, [x], { size: [size, size] });
}

/** A picture as one row, channel after channel: [N, H, W, C] -> [N, C * H * W]. */
export function flattenPicture(s: Scope, x: Value): Value {
  return s.apply(flattenPictureOp, [x], {});
}

/** Values side by side along the channels: [N, H, W, Ci] -> [N, H, W, sum of Ci]. */
export function concat(s: Scope, values: readonly Value[]): Value {
  return s.apply(concatOp, values, {});
}

/** relu or relu6 at this scope. */
export function activate(s: Scope, x: Value, activation: Exclude<Activation, "none">): Value {
  return s.apply(activation === "relu" ? relu : relu6, [x], {});
}

export interface DropoutOptions {
  /** Share of elements that become zero, from 0 to below 1. */
  readonly rate: number;
  readonly seed: number;
  /** The number of the step, u32 [1]: an input of the graph, fed anew for every step. */
  readonly step: Value;
}

/** Dropout at this scope: its mask differs from that of another path, and from step to step. `toInference` takes it out. */
export function dropout(s: Scope, x: Value, { rate, seed, step }: DropoutOptions): Value {
  return s.apply(dropoutOp, [x, step], { rate, seed: seedFor(seed, s.path) });
}
