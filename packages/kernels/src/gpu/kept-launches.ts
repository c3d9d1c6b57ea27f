import { Arena, Usage } from "./arena.js";
import type { Gpu } from "./gpu.js";
import { ARG_STRIDE, type BoundDispatch, bindingsOf, checkWorkgroups, type Launch, writeArgs } from "./launch.js";

/** Bind groups kept at most; those of buffers that are gone are among them. */
const MOST_GROUPS = 1024;

/**
 * Launches of work whose shapes the data decides, use after use. What they are made of is kept, so that a use on buffers that
 * were bound before creates nothing on the device: only the arguments are written.
 */
export class KeptLaunches {
  private readonly gpu: Gpu;
  private readonly label: string;
  private readonly groups = new Map<string, GPUBindGroup>();
  private readonly ids = new WeakMap<object, number>();
  private lastId = 0;
  private arena: Arena;
  private args: { readonly buffer: GPUBuffer; readonly data: DataView } | undefined;

  constructor(gpu: Gpu, label: string) {
    this.gpu = gpu;
    this.label = label;
    this.arena = new Arena(gpu, label);
  }

  /**
   * Launches for one submission, which comes before the next call: that one writes over their arguments.
   * Throws E_LIMIT for a binding or a workgroup count above the device's limits, naming the launch.
   */
  async prepare(bound: readonly BoundDispatch[]): Promise<Launch[]> {
    const { gpu, groups } = this;
    const pipelines = await Promise.all(bound.map((b) => gpu.pipelines.get(b.dispatch.kernel)));
    this.arena.assertUsable(); // it may have been disposed meanwhile
    const { buffer, data } = this.argsFor(bound.length);
    const uses = bound.map((b, i) => {
      checkWorkgroups(gpu, b.label, b.dispatch.workgroups);
      writeArgs(data, i, b.dispatch);
      const bindings = bindingsOf(gpu, b, buffer, i);
      const places = bindings.map((r) => `${this.idOf(r.buffer)}+${r.offset ?? 0}:${r.size ?? ""}`);
      const { pipeline, layout } = pipelines[i]!;
      return { ...b, pipeline, layout, bindings, key: `${this.idOf(pipeline)} ${places.join(" ")}` };
    });
    let missing = uses.filter(({ key }) => !groups.has(key));
    if (groups.size + missing.length > MOST_GROUPS) {
      groups.clear();
      missing = uses;
    }
    if (missing.length > 0) {
      const made = await gpu.guarded(this.label, () =>
        missing.map(({ key, label, layout, bindings }): [string, GPUBindGroup] => {
          const entries = bindings.map((resource, binding) => ({ binding, resource }));
          return [key, gpu.device.createBindGroup({ label, layout, entries })];
        }),
      );
      this.arena.assertUsable();
      for (const [key, group] of made) groups.set(key, group);
    }
    if (bound.length > 0) gpu.device.queue.writeBuffer(buffer, 0, data.buffer, 0, ARG_STRIDE * bound.length);
    return uses.map(({ label, pipeline, key, dispatch }) => ({
      ...{ label, pipeline, workgroups: dispatch.workgroups },
      bindGroup: groups.get(key)!,
    }));
  }

  /** Arguments of at least `count` dispatches. */
  private argsFor(count: number): { readonly buffer: GPUBuffer; readonly data: DataView } {
    const bytes = ARG_STRIDE * Math.max(8, count);
    if (this.args && this.args.data.byteLength >= bytes) return this.args;
    this.arena.dispose();
    this.arena = new Arena(this.gpu, this.label);
    const buffer = this.arena.buffer(bytes, Usage.UNIFORM | Usage.COPY_DST, "args");
    this.args = { buffer, data: new DataView(new ArrayBuffer(bytes)) };
    return this.args;
  }

  private idOf(thing: object): number {
    const id = this.ids.get(thing) ?? ++this.lastId;
    this.ids.set(thing, id);
    return id;
  }

  dispose(): void {
    this.arena.dispose();
    this.groups.clear();
  }
}
