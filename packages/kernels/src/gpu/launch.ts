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

/** Bytes from one dispatch's arguments to the next: minUniformBufferOffsetAlignment of every device. */
export const ARG_STRIDE = 256;

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
    bound.map((b, i): Launch => {
      const { label, dispatch } = b;
      const { pipeline, layout } = pipelines[i]!;
      checkWorkgroups(gpu, label, dispatch.workgroups);
      writeArgs(data, i, dispatch);
      const entries = bindingsOf(gpu, b, uniform, i).map((resource, binding) => ({ binding, resource }));
      const bindGroup = gpu.device.createBindGroup({ label, layout, entries });
      return { label, pipeline, bindGroup, workgroups: dispatch.workgroups };
    }),
  );
  gpu.device.queue.writeBuffer(uniform, 0, data.buffer);
  return launches;
}

/** Writes the arguments of a dispatch into place `i` of `data`. */
export function writeArgs(data: DataView, i: number, { kernel, args }: Dispatch): void {
  kernel.args.forEach((arg, a) => {
    writeArg(data, i * ARG_STRIDE + 4 * a, arg.type, args[arg.name]!);
  });
}

/** What a dispatch binds, in order: its buffers, and place `i` of the arguments. Throws E_LIMIT. */
export function bindingsOf(
  gpu: Gpu,
  { label, dispatch: { kernel, bind }, resolve }: BoundDispatch,
  args: GPUBuffer,
  i: number,
): GPUBufferBinding[] {
  const bindings = kernel.bindings.map((b) => {
    const binding = resolve(bind[b.name]!);
    checkBinding(gpu, `${label}/${b.name}`, binding);
    return binding;
  });
  const size = Math.max(16, Math.ceil((kernel.args.length * 4) / 16) * 16);
  return [...bindings, { buffer: args, offset: i * ARG_STRIDE, size }];
}

function writeArg(view: DataView, offset: number, type: string, value: number): void {
  if (type === "f32") view.setFloat32(offset, value, true);
  else if (type === "i32") view.setInt32(offset, value, true);
  else view.setUint32(offset, value, true);
}

/** Throws E_LIMIT. */
export function checkWorkgroups(gpu: Gpu, label: string, workgroups: readonly number[]): void {
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
  let current: GPUComputePipeline | undefined;
  for (const { pipeline, bindGroup, workgroups } of launches) {
    if (pipeline !== current) pass.setPipeline(pipeline);
    current = pipeline;
    pass.setBindGroup(0, bindGroup);
    pass.dispatchWorkgroups(workgroups[0], workgroups[1], workgroups[2]);
  }
}
