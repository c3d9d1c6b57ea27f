import { TlxError } from "../errors.js";
import type { Kernel } from "../wgsl/source.js";
import { Arena, Usage } from "./arena.js";
import type { Gpu, GpuOptions } from "./gpu.js";

export interface Pipeline {
  readonly pipeline: GPUComputePipeline;
  readonly layout: GPUBindGroupLayout;
}

const COMPUTE_STAGE = 4;

/** Compiled kernels of one device, keyed by their source text: a stale hit is impossible. */
export class PipelineCache {
  private readonly gpu: Gpu;
  private readonly compiling: GpuOptions["compiling"];
  private readonly made = new Map<string, Promise<Pipeline>>();

  constructor(gpu: Gpu, compiling?: GpuOptions["compiling"]) {
    this.gpu = gpu;
    this.compiling = compiling;
  }

  /** Number of distinct pipelines so far. */
  get size(): number {
    return this.made.size;
  }

  get(kernel: Kernel): Promise<Pipeline> {
    let pipeline = this.made.get(kernel.code);
    if (!pipeline) {
      pipeline = this.compile(kernel);
      this.made.set(kernel.code, pipeline);
      pipeline.catch(() => this.made.delete(kernel.code));
      this.compiling?.(kernel, pipeline);
    }
    return pipeline;
  }

  private async compile(kernel: Kernel): Promise<Pipeline> {
    const { device } = this.gpu;
    const { name: label, code } = kernel;
    this.gpu.assertUsable();
    const types: GPUBufferBindingType[] = [
      ...kernel.bindings.map((b): GPUBufferBindingType => (b.writes ? "storage" : "read-only-storage")),
      "uniform",
    ];
    device.pushErrorScope("validation");
    const module = device.createShaderModule({ label, code });
    const layout = device.createBindGroupLayout({
      label,
      entries: types.map((type, binding) => ({ binding, visibility: COMPUTE_STAGE, buffer: { type } })),
    });
    const pipelineLayout = device.createPipelineLayout({ label, bindGroupLayouts: [layout] });
    const scope = device.popErrorScope();
    const made = device.createComputePipelineAsync({
      label,
      layout: pipelineLayout,
      compute: { module, entryPoint: "main" },
    });
    made.catch(() => {});
    const problem = await this.gpu.wait(scope);
    if (problem) throw await this.explain(kernel, module, problem.message);
    try {
      const pipeline = await this.gpu.wait(made);
      await this.warmUp(kernel, { pipeline, layout });
      return { pipeline, layout };
    } catch (error) {
      this.gpu.assertUsable();
      throw await this.explain(kernel, module, String(error));
    }
  }

  /**
   * Software adapters generate code at the first dispatch, so every pipeline gets one with all arguments zero,
   * on buffers of its own: the cost falls here, in parallel with loading, and not into the first step.
   */
  private async warmUp(kernel: Kernel, { pipeline, layout }: Pipeline): Promise<void> {
    const { device } = this.gpu;
    const arena = new Arena(this.gpu, `warm-up/${kernel.name}`);
    try {
      const buffers = kernel.bindings.map((b) => arena.buffer(256, Usage.STORAGE, b.name));
      buffers.push(arena.buffer(256, Usage.UNIFORM, "args"));
      const bindGroup = device.createBindGroup({
        layout,
        entries: buffers.map((buffer, binding) => ({ binding, resource: { buffer } })),
      });
      const encoder = device.createCommandEncoder({ label: `warm-up/${kernel.name}` });
      const pass = encoder.beginComputePass();
      pass.setPipeline(pipeline);
      pass.setBindGroup(0, bindGroup);
      pass.dispatchWorkgroups(1);
      pass.end();
      device.queue.submit([encoder.finish()]);
      await this.gpu.idle();
    } finally {
      arena.dispose();
    }
  }

  private async explain(kernel: Kernel, module: GPUShaderModule, message: string): Promise<TlxError> {
    const { messages } = await this.gpu.wait(module.getCompilationInfo());
    const lines = kernel.code.split("\n");
    const shown = messages
      .filter((m) => m.type === "error")
      .map((m) => `${m.message}\n  ${m.lineNum}:${m.linePos} ${lines[m.lineNum - 1] ?? ""}`);
    return new TlxError("E_COMPILE", `kernel "${kernel.name}" does not compile: ${shown.join("\n") || message}`, {
      code: kernel.code,
    });
  }
}
