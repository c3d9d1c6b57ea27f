import { TlxError } from "../errors.js";
import { subgroupMatrixFeature } from "./capabilities.js";

/** Wanted where the adapter has them; every kernel also runs without. */
const wantedFeatures: readonly GPUFeatureName[] = ["subgroups", "timestamp-query", "shader-f16", subgroupMatrixFeature];
const wantedLimits = ["maxBufferSize", "maxStorageBufferBindingSize"] as const;

/**
 * A device with the wanted features the adapter has and its largest buffers; `minimal` asks for nothing, as the smallest
 * device would have. Throws E_ADAPTER when the adapter refuses.
 */
export async function requestDevice(adapter: GPUAdapter, minimal = false): Promise<GPUDevice> {
  try {
    return await adapter.requestDevice(
      minimal
        ? {}
        : {
            requiredFeatures: wantedFeatures.filter((f) => adapter.features.has(f)),
            requiredLimits: Object.fromEntries(wantedLimits.map((l) => [l, adapter.limits[l]])),
          },
    );
  } catch (error) {
    throw new TlxError("E_ADAPTER", `openGpu: the adapter gives no device: ${String(error)}`, {}, error);
  }
}
