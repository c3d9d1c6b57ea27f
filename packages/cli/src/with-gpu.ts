import type { Gpu } from "@tlx/kernels";
import { openGpu } from "@tlx/kernels/node";
import type { AdapterOptions } from "./options.js";

/** Opens the GPU for as long as `use` runs; `reopen` opens it once more, after it was lost. */
export async function withGpu<T>(
  { adapter }: AdapterOptions,
  use: (gpu: Gpu, reopen: () => Promise<Gpu>) => Promise<T>,
): Promise<T> {
  const opened: Gpu[] = [];
  const open = async (): Promise<Gpu> => {
    const gpu = await openGpu({ adapter });
    opened.push(gpu);
    return gpu;
  };
  try {
    return await use(await open(), open);
  } finally {
    for (const gpu of opened) gpu.dispose();
  }
}

/** "llvmpipe (LLVM 15.0.6, 256 bits), driver ..., software" */
export function describeAdapter(gpu: Gpu): string {
  const { device, description, architecture, vendor } = gpu.device.adapterInfo;
  const name = device || description || architecture || vendor || "unnamed adapter";
  const driver = description && description !== name ? `, driver ${description}` : "";
  return `${name}${driver}${gpu.capabilities.software ? ", software" : ""}`;
}
