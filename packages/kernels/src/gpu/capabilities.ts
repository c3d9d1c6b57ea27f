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
  readonly timestamps: boolean;
  /** A CPU pretending to be a GPU (lavapipe, SwiftShader, WARP): other kernels are fast there. */
  readonly software: boolean;
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
  timestamps: false,
  software: false,
};

/** Is this adapter a software one? Judged by type and by the names such drivers report. */
export function isSoftware(info: GPUAdapterInfo): boolean {
  const text = `${info.vendor} ${info.architecture} ${info.device} ${info.description}`.toLowerCase();
  return info.isFallbackAdapter === true || /llvmpipe|lavapipe|swiftshader|basic render|warp/.test(text);
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
    timestamps: features.has("timestamp-query"),
    software: isSoftware(info),
  };
}
