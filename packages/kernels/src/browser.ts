import { TlxError } from "./errors.js";
import { Gpu } from "./gpu/gpu.js";
import { requestDevice } from "./gpu/request-device.js";
import type { VariantSet } from "./op.js";

declare const navigator: { readonly gpu?: GPU };

export interface OpenOptions {
  readonly powerPreference?: GPUPowerPreference;
  /** What programs may use beside the variants of every op: see `@tlx/kernels/variants`. Default: nothing, which loads the least. */
  readonly variants?: VariantSet;
}

/** Opens a device through navigator.gpu. Throws E_ADAPTER where the browser has no WebGPU or no adapter. */
export async function openGpu({ variants, ...options }: OpenOptions = {}): Promise<Gpu> {
  if (typeof navigator === "undefined" || !navigator.gpu) {
    throw new TlxError(
      "E_ADAPTER",
      "openGpu: this browser has no WebGPU (or the page is not served over https or from localhost)",
    );
  }
  const adapter = await navigator.gpu.requestAdapter(options);
  if (!adapter) {
    throw new TlxError(
      "E_ADAPTER",
      "openGpu: expected an adapter, the browser found none; turn on hardware acceleration",
    );
  }
  return new Gpu(await requestDevice(adapter), { owned: true, variants });
}
