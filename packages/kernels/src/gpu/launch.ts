import { TlxError } from "../errors.js";
import type { Dispatch, Operand } from "../op.js";
import { type Arena, Usage } from "./arena.js";
import type { Gpu } from "./gpu.js";

/** One prepared launch: replaying it costs three calls and no allocation. */
export interface Launch {
  readonly label: string;
  readonly pipeline: GPUComputePipeline;
  readonly bindGroup: GPUBindGroup;
  readonly workgroups: readonly [number, number, number];
}

/** A dispatch with the buffers its operands stand for. */
export interface BoundDispatch {
  readonly label: string;
  readonly dispatch: Dispatch;
  resolve(operand: Operand): GPUBufferBinding;
}

const ARG_STRIDE = 256; // minUniformBufferOffsetAlignment of every device

/**
 * Compiles all pipelines in parallel, writes all arguments into one uniform buffer and builds the bind groups.
 * Throws E_LIMIT for a binding or a workgroup count above the device's limits, naming the launch.
 */
export async function prepareLaunches(gpu: Gpu, arena: Arena, bound: readonly BoundDispatch[]): Promise<Launch[]> {
  const pipelines = await Promise.all(bound.map((b) => gpu.pipelines.get(b.dispatch.kernel)));
  if (bound.length === 0) return [];
  const data = new DataView(new ArrayBuffer(ARG_STRIDE * bound.length));
  const uniform = arena.buffer(data.byteLength, Usage.UNIFORM | Usage.COPY_DST, "args");
  const launches = await gpu.guarded("prepare", () =>
    bound.map(({ label, dispatch, resolve }, i): Launch => {
      const { kernel, workgroups } = dispatch;
      const pipeline = pipelines[i]!;
      checkWorkgroups(gpu, label, workgroups);
      kernel.args.forEach((arg, a) => {
        writeArg(data, i * ARG_STRIDE + 4 * a, arg.type, dispatch.args[arg.name]!);
      });
      const entries: GPUBindGroupEntry[] = kernel.bindings.map((b, binding) => {
        const resource = resolve(dispatch.bind[b.name]!);
        checkBinding(gpu, `${label}/${b.name}`, resource);
        return { binding, resource };
      });
      const size = Math.max(16, Math.ceil((kernel.args.length * 4) / 16) * 16);
      entries.push({ binding: entries.length, resource: { buffer: uniform, offset: i * ARG_STRIDE, size } });
      const bindGroup = gpu.device.createBindGroup({ label, layout: pipeline.layout, entries });
      return { label, pipeline: pipeline.pipeline, bindGroup, workgroups };
    }),
  );
  gpu.device.queue.writeBuffer(uniform, 0, data.buffer);
  return launches;
}

function writeArg(view: DataView, offset: number, type: string, value: number): void {
  if (type === "f32") view.setFloat32(offset, value, true);
  else if (type === "i32") view.setInt32(offset, value, true);
  else view.setUint32(offset, value, true);
}

function checkWorkgroups(gpu: Gpu, label: string, workgroups: readonly number[]): void {
  const limit = gpu.capabilities.maxComputeWorkgroupsPerDimension;
  if (!workgroups.every((w) => Number.isSafeInteger(w) && w > 0 && w <= limit)) {
    throw new TlxError(
      "E_LIMIT",
      `${label}: needs ${workgroups.join(" x ")} workgroups, the device allows 1 to ${limit}`,
    );
  }
}

function checkBinding(gpu: Gpu, label: string, { buffer, offset = 0, size }: GPUBufferBinding): void {
  const bytes = size ?? buffer.size - offset;
  const limit = gpu.capabilities.maxStorageBufferBindingSize;
  if (bytes > limit) {
    throw new TlxError("E_LIMIT", `${label}: binds ${bytes} bytes, the device allows ${limit}; use a smaller batch`, {
      bytes,
      limit,
    });
  }
}

/** Replays prepared launches into an open compute pass. */
export function replay(pass: GPUComputePassEncoder, launches: readonly Launch[]): void {
  for (const { pipeline, bindGroup, workgroups } of launches) {
    pass.setPipeline(pipeline);
    pass.setBindGroup(0, bindGroup);
    pass.dispatchWorkgroups(workgroups[0], workgroups[1], workgroups[2]);
  }
}
