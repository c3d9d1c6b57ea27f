import { TlxError } from "../errors.js";
import type { VariantSet } from "../op.js";
import type { Kernel } from "../wgsl/source.js";
import { type Capabilities, capabilitiesOf } from "./capabilities.js";
import { PipelineCache } from "./pipelines.js";

export interface GpuOptions {
  /** Destroy the device on dispose. Only `openGpu` sets this; an injected device belongs to its maker. */
  readonly owned?: boolean;
  /** What programs may use beside the variants of every op, such as `allVariants` of `@tlx/kernels/variants`. Default: nothing. */
  readonly variants?: VariantSet;
  /** Lower limits or hide features, for tests and for planning. */
  readonly capabilities?: Partial<Capabilities>;
  /** Wraps every wait for the GPU; the Node entry uses it to stop Dawn's polling from starving a software adapter. */
  readonly waiting?: <T>(pending: Promise<T>) => Promise<T>;
  /** Told of every kernel whose compilation begins; the Node entry uses it to help a software adapter. */
  readonly compiling?: (kernel: Kernel, compiled: Promise<unknown>) => void;
}

/**
 * One WebGPU device with what tlx keeps per device: capabilities, compiled pipelines and the count of live bytes.
 * Everything that touches the GPU takes a Gpu; nothing is global.
 */
export class Gpu {
  readonly device: GPUDevice;
  readonly capabilities: Capabilities;
  readonly pipelines: PipelineCache;
  /** Bytes held by all arenas of this Gpu; 0 when everything was disposed. */
  liveBytes = 0;
  private readonly options: GpuOptions;
  private failure: TlxError | undefined;
  private disposed = false;
  private readonly whenLost: Promise<never>;
  /** Rejects every wait in progress; a set, because Promise.race with `whenLost` would keep all results for ever. */
  private readonly waiting = new Set<(reason: TlxError) => void>();

  constructor(device: GPUDevice, options: GpuOptions = {}) {
    this.device = device;
    this.options = options;
    this.capabilities = { ...capabilitiesOf(device), variants: options.variants, ...options.capabilities };
    this.pipelines = new PipelineCache(this, options.compiling);
    this.whenLost = device.lost.then((info) => {
      this.failure = this.disposed
        ? new TlxError("E_DEVICE", "gpu: this Gpu was disposed; open another one")
        : new TlxError(
            "E_DEVICE",
            `gpu: the device was lost (${info.reason}${info.message ? `: ${info.message}` : ""}); open a new one and load again`,
            { reason: info.reason },
          );
      for (const reject of this.waiting) reject(this.failure);
      throw this.failure;
    });
    this.whenLost.catch(() => {});
    device.addEventListener("uncapturederror", this.onUncaptured);
  }

  private readonly onUncaptured = (event: GPUUncapturedErrorEvent & { preventDefault?(): void }): void => {
    event.preventDefault?.(); // it is thrown at the next wait, so nothing needs printing
    const { error } = event;
    // Told by its name: Node has no such global.
    this.failure ??=
      error.constructor.name === "GPUOutOfMemoryError"
        ? this.outOfMemory("gpu", error.message)
        : new TlxError("E_DEVICE", `gpu: the device reported an error: ${error.message}`);
  };

  /** Rejects when the device is lost, with a typed error; never resolves. */
  get lost(): Promise<never> {
    return this.whenLost;
  }

  /** Throws when the device is lost, disposed or has reported an error. */
  assertUsable(): void {
    if (this.failure) throw this.failure;
    if (this.disposed) throw new TlxError("E_DEVICE", "gpu: this Gpu was disposed; open another one");
  }

  /** Waits for `pending` or for the loss of the device; a failure of either is a TlxError. */
  async wait<T>(pending: Promise<T>): Promise<T> {
    pending.catch(() => {}); // it may fail after this wait has given up, and is then nobody's
    this.assertUsable();
    const settled = this.unlessLost(pending);
    try {
      const value = await (this.options.waiting ? this.options.waiting(settled) : settled);
      this.assertUsable();
      return value;
    } catch (error) {
      // A request may be aborted before `lost` resolves: the end of the queue's work comes after both.
      if (!(error instanceof TlxError)) await this.unlessLost(this.device.queue.onSubmittedWorkDone()).catch(() => {});
      this.assertUsable();
      if (error instanceof TlxError) throw error;
      throw new TlxError("E_DEVICE", `gpu: waiting for the device failed: ${String(error)}`, {}, error);
    }
  }

  private unlessLost<T>(pending: Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      this.waiting.add(reject);
      pending.then(resolve, reject).finally(() => this.waiting.delete(reject));
    });
  }

  /** Resolves when everything submitted so far is done. */
  idle(): Promise<void> {
    return this.wait(this.device.queue.onSubmittedWorkDone().then(() => {}));
  }

  /** Runs `make` inside error scopes: what the device refuses becomes one typed error. */
  async guarded<T>(what: string, make: () => T): Promise<T> {
    this.assertUsable();
    const scopes = ["validation", "out-of-memory", "internal"] as const;
    for (const scope of scopes) this.device.pushErrorScope(scope);
    let value: T;
    let errors: (GPUError | null)[];
    try {
      value = make();
    } finally {
      errors = await this.wait(Promise.all(scopes.map(() => this.device.popErrorScope())));
    }
    const [, memory] = errors; // scopes pop in reverse
    if (memory) throw this.outOfMemory(what, memory.message);
    const error = errors.find((e) => e !== null);
    if (error) throw new TlxError("E_DEVICE", `${what}: the device refused: ${error.message}`);
    return value;
  }

  /** The error of `what` for which the device has no memory left. */
  outOfMemory(what: string, message: string): TlxError {
    const held = `${this.liveBytes} bytes are held`;
    return new TlxError(
      "E_LIMIT",
      `${what}: the device is out of memory (${held}): ${message}; use a smaller batch or picture size`,
    );
  }

  dispose(): void {
    if (this.disposed) return;
    this.disposed = true;
    this.device.removeEventListener("uncapturederror", this.onUncaptured);
    if (this.options.owned) this.device.destroy();
  }
}
