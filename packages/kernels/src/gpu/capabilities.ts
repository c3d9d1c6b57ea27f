import type { VariantSet } from "../op.js";

/** Extents of a product, M x K by K x N with float32 results, that a subgroup computes together. */
export interface MatrixShape {
  readonly m: number;
  readonly n: number;
  readonly k: number;
  readonly factors: "f32" | "f16";
}

/** What a device can do, as plain data: variants decide by it, and tests make smaller ones. */
export interface Capabilities {
  readonly maxStorageBufferBindingSize: number;
  readonly maxBufferSize: number;
  readonly maxStorageBuffersPerShaderStage: number;
  readonly maxComputeWorkgroupsPerDimension: number;
  readonly maxComputeWorkgroupStorageSize: number;
  readonly maxComputeInvocationsPerWorkgroup: number;
  /** Size of every subgroup when the feature is there and the size is fixed, else undefined. */
  readonly subgroupSize: number | undefined;
  /** Size of the largest subgroup; 0 without subgroups. */
  readonly largestSubgroup: number;
  /** Subgroup matrices, an experimental feature of Dawn; empty without it. */
  readonly matrices: readonly MatrixShape[];
  /** Are there float16 in shaders. */
  readonly halfFloats: boolean;
  readonly timestamps: boolean;
  /** A CPU pretending to be a GPU (lavapipe, SwiftShader, WARP): other kernels are fast there. */
  readonly software: boolean;
  /** What it was handed beside the variants of every op. Left out: nothing. */
  readonly variants?: VariantSet;
}

/** The limits every WebGPU device has, without optional features. */
export const defaultCapabilities: Capabilities = {
  maxStorageBufferBindingSize: 134217728,
  maxBufferSize: 268435456,
  maxStorageBuffersPerShaderStage: 8,
  maxComputeWorkgroupsPerDimension: 65535,
  maxComputeWorkgroupStorageSize: 16384,
  maxComputeInvocationsPerWorkgroup: 256,
  subgroupSize: undefined,
  largestSubgroup: 0,
  matrices: [],
  halfFloats: false,
  timestamps: false,
  software: false,
};

/** Is this adapter a software one? Judged by type and by the names such drivers report. */
export function isSoftware(info: GPUAdapterInfo): boolean {
  const text = `${info.vendor} ${info.architecture} ${info.device} ${info.description}`.toLowerCase();
  return info.isFallbackAdapter === true || /llvmpipe|lavapipe|swiftshader|basic render|warp/.test(text);
}

/** The name under which Dawn offers subgroup matrices. */
export const subgroupMatrixFeature = "chromium-experimental-subgroup-matrix" as GPUFeatureName;

interface MatrixConfig {
  readonly M: number;
  readonly N: number;
  readonly K: number;
  readonly componentType: string;
  readonly resultComponentType: string;
}

/** Those with float32 results: sums of float16 would be too coarse. */
function matricesOf({ features, adapterInfo }: GPUDevice): MatrixShape[] {
  if (!features.has(subgroupMatrixFeature) || !features.has("subgroups")) return [];
  const { subgroupMatrixConfigs: configs = [] } = adapterInfo as { readonly subgroupMatrixConfigs?: MatrixConfig[] };
  return [...configs].flatMap(({ M: m, N: n, K: k, componentType: factors, resultComponentType }) => {
    const known = factors === "f32" || (factors === "f16" && features.has("shader-f16"));
    return known && resultComponentType === "f32" ? [{ m, n, k, factors }] : [];
  });
}

export function capabilitiesOf(device: GPUDevice): Capabilities {
  const { limits, features, adapterInfo: info } = device;
  const fixed = features.has("subgroups") && info.subgroupMinSize === info.subgroupMaxSize;
  return {
    maxStorageBufferBindingSize: limits.maxStorageBufferBindingSize,
    maxBufferSize: limits.maxBufferSize,
    maxStorageBuffersPerShaderStage: limits.maxStorageBuffersPerShaderStage,
    maxComputeWorkgroupsPerDimension: limits.maxComputeWorkgroupsPerDimension,
    maxComputeWorkgroupStorageSize: limits.maxComputeWorkgroupStorageSize,
    maxComputeInvocationsPerWorkgroup: limits.maxComputeInvocationsPerWorkgroup,
    subgroupSize: fixed ? info.subgroupMaxSize : undefined,
    largestSubgroup: features.has("subgroups") ? (info.subgroupMaxSize ?? 0) : 0,
    matrices: matricesOf(device),
    halfFloats: features.has("shader-f16"),
    timestamps: features.has("timestamp-query"),
    software: isSoftware(info),
  };
}
