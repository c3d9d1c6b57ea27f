// Run as a process of its own: a driver that crashes takes only this one along, and a driver installed meanwhile is seen.
import { openGpu } from "../../packages/kernels/dist/node.js";

try {
  const gpu = await openGpu();
  const { description, device, architecture } = gpu.device.adapterInfo;
  console.log(device || description || architecture || "unnamed adapter");
  gpu.dispose();
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 4;
}
