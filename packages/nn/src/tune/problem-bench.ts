/** One problem on the GPU: inputs, outputs and scratch that all candidates share, since they run one after the other. */
import {
  Arena,
  bytesOf,
  type Dispatch,
  type Gpu,
  type HostTensor,
  type Launch,
  type Lowered,
  type Operand,
  prepareLaunches,
  Reader,
  replay,
  sizeOf,
  Usage,
} from "@tlx/kernels";
import type { GraphProblem } from "./problems.js";

const usage = Usage.STORAGE | Usage.COPY_DST | Usage.COPY_SRC;
const CHUNK = 2 ** 18;

export type Tables = readonly (Float32Array | Uint32Array)[];

export class ProblemBench {
  private readonly gpu: Gpu;
  private readonly of: GraphProblem;
  private readonly tables: Tables;
  private readonly arena: Arena;
  private readonly reader: Reader;
  private readonly inputs: readonly GPUBuffer[];
  private readonly outputs: readonly GPUBuffer[];
  private readonly scratch: readonly GPUBuffer[];
  /** By what fills them: candidates that prepare the same share it. */
  private readonly prepared = new Map<string, readonly GPUBuffer[]>();

  private constructor(gpu: Gpu, of: GraphProblem, tables: Tables, candidates: readonly Lowered[]) {
    const { op, problem } = of;
    this.gpu = gpu;
    this.of = of;
    this.tables = tables;
    this.arena = new Arena(gpu, `tune/${op.name}`);
    this.reader = new Reader(gpu, `tune/${op.name}`);
    try {
      this.inputs = problem.inputs.map((spec, i) => this.arena.buffer(bytesOf(spec), usage, `input ${i}`));
      this.outputs = problem.outputs.map((spec, i) => {
        const alias = op.alias?.[i];
        return alias === undefined ? this.arena.buffer(bytesOf(spec), usage, `output ${i}`) : this.inputs[alias]!;
      });
      const count = Math.max(...candidates.map(({ scratch = [] }) => scratch.length));
      this.scratch = Array.from({ length: count }, (_, i) => {
        const sizes = candidates.map(({ scratch = [] }) => (scratch[i] ? bytesOf(scratch[i]) : 0));
        return this.arena.buffer(Math.max(...sizes), usage, `scratch ${i}`);
      });
    } catch (error) {
      this.dispose();
      throw error;
    }
  }

  /** Uploads `tables`, each repeated to the length of its input. Throws E_LIMIT when the device lacks the memory. */
  static async open(gpu: Gpu, of: GraphProblem, tables: Tables, candidates: readonly Lowered[]): Promise<ProblemBench> {
    const bench = await gpu.guarded(`tune/${of.op.name}`, () => new ProblemBench(gpu, of, tables, candidates));
    bench.inputs.forEach((_, i) => void bench.upload(i));
    return bench;
  }

  private upload(i: number): void {
    this.fill(this.inputs[i]!, sizeOf(this.of.problem.inputs[i]!), this.tables[i]!);
  }

  private fill(buffer: GPUBuffer, size: number, table: Float32Array | Uint32Array): void {
    for (let at = 0; at < size; at += table.length) {
      const part = table.subarray(0, Math.min(table.length, size - at));
      this.gpu.device.queue.writeBuffer(buffer, 4 * at, part as Float32Array<ArrayBuffer>);
    }
  }

  /** Prepares one of the candidates: its launches are those of every run. Throws what compiling and binding throw. */
  async prepare({ dispatches, scratch = [], prepared = [] }: Lowered): Promise<readonly Launch[]> {
    const { problem, op } = this.of;
    const label = `tune/${op.name}`;
    const content = JSON.stringify(prepared);
    const own =
      this.prepared.get(content) ??
      (await this.gpu.guarded(label, () =>
        prepared.map(({ spec }, i) => this.arena.buffer(bytesOf(spec), usage, `prepared ${i}`)),
      ));
    this.prepared.set(content, own);
    const resolve = (operand: Operand): GPUBufferBinding => {
      if ("scratch" in operand) {
        return { buffer: this.scratch[operand.scratch]!, size: bytesOf(scratch[operand.scratch]!) };
      }
      if ("prepared" in operand) return { buffer: own[operand.prepared]! };
      return "input" in operand
        ? { buffer: this.inputs[operand.input]!, size: bytesOf(problem.inputs[operand.input]!) }
        : { buffer: this.outputs[operand.output]!, size: bytesOf(problem.outputs[operand.output]!) };
    };
    const bind = (all: readonly Dispatch[]): Promise<Launch[]> =>
      prepareLaunches(
        this.gpu,
        this.arena,
        all.map((dispatch) => ({ label, dispatch, resolve })),
      );
    this.submit(await bind(prepared.flatMap((p) => p.dispatches)));
    return bind(dispatches);
  }

  private submit(launches: readonly Launch[]): void {
    const encoder = this.gpu.device.createCommandEncoder({ label: "tune" });
    const pass = encoder.beginComputePass({ label: "tune" });
    replay(pass, launches);
    pass.end();
    this.gpu.device.queue.submit([encoder.finish()]);
  }

  /** What one run leaves in outputs that held NaN before, as scratch did, or where they overwrite inputs, those. */
  async outputsOf(launches: readonly Launch[]): Promise<HostTensor["data"][]> {
    const { problem, op } = this.of;
    const unwritten = new Uint32Array(CHUNK).fill(0x7fc0dead);
    for (const [i, spec] of problem.outputs.entries()) {
      const alias = op.alias?.[i];
      if (alias === undefined) this.fill(this.outputs[i]!, sizeOf(spec), unwritten);
      else this.upload(alias);
    }
    for (const buffer of this.scratch) this.fill(buffer, buffer.size / 4, unwritten);
    this.submit(launches);
    const results: HostTensor["data"][] = [];
    for (const [i, spec] of problem.outputs.entries()) {
      results.push((await this.reader.read(this.outputs[i]!, spec)).data);
    }
    return results;
  }

  dispose(): void {
    this.reader.dispose();
    this.arena.dispose();
  }
}
