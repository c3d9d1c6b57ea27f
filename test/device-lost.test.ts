import { Arena, f32, Gpu, relu, TlxError, Usage } from "@tlx/kernels";
import { openGpu } from "@tlx/kernels/node";
import { GraphBuilder, Program } from "@tlx/nn";
import { afterEach, describe, expect, it } from "vitest";
import { testGpu } from "./support/gpu.js";

const adapter = process.env.TLX_ADAPTER;

/** A network of one node, compiled on `gpu` and fed. */
async function smallProgram(gpu: Gpu): Promise<Program> {
  const b = new GraphBuilder();
  b.output("y", b.apply(relu, [b.input("x", f32(8))], {}, "relu")[0]!);
  const program = await Program.compile(gpu, b.finish(), new Map());
  program.write("x", Float32Array.of(-1, 2, -3, 4, -5, 6, -7, 8));
  return program;
}

const opened: Gpu[] = [];
afterEach(() => {
  for (const gpu of opened.splice(0)) gpu.dispose();
});
async function open(): Promise<Gpu> {
  const gpu = await openGpu({ adapter });
  opened.push(gpu);
  return gpu;
}

describe("a device that is lost", () => {
  it("rejects what is pending, and everything afterwards, with E_DEVICE", async () => {
    const gpu = await open();
    const program = await smallProgram(gpu);
    program.run();
    const pending = [program.read("y"), program.read("y"), gpu.idle(), gpu.lost];
    gpu.device.destroy();
    const lost = {
      code: "E_DEVICE",
      message: expect.stringMatching(/^gpu: the device was lost \(destroyed.*\); open/),
    };
    for (const result of await Promise.allSettled(pending)) {
      expect(result).toMatchObject({ status: "rejected", reason: lost });
      expect((result as PromiseRejectedResult).reason).toBeInstanceOf(TlxError);
    }
    expect(() => program.run()).toThrow(/the device was lost/);
    expect(() => program.write("x", new Float32Array(8))).toThrow(/the device was lost/);
    await expect(program.read("y")).rejects.toMatchObject(lost);
    await expect(smallProgram(gpu)).rejects.toMatchObject(lost);
    program.dispose();
    expect(gpu.liveBytes).toBe(0);
  });

  it("rejects a compilation in progress and leaves nothing behind", async () => {
    const gpu = await open();
    const compiling = smallProgram(gpu);
    gpu.device.destroy();
    await expect(compiling).rejects.toMatchObject({ code: "E_DEVICE" });
    expect(gpu.liveBytes).toBe(0);
  });

  it("leaves other devices alone", async () => {
    (await open()).device.destroy();
    const program = await smallProgram(await testGpu());
    program.run();
    expect((await program.read("y")).data).toEqual(Float32Array.of(0, 2, 0, 4, 0, 6, 0, 8));
    program.dispose();
  });
});

describe("a device whose requests are aborted before it says that it is lost", () => {
  /** Just enough of a device: `abort` rejects the pending work, `lose` resolves `lost` a turn later. */
  function fakeDevice(): { device: GPUDevice; lose: () => void } {
    let resolveLost: (info: { reason: string; message: string }) => void = () => {};
    let resolveWork: () => void = () => {};
    const device = {
      lost: new Promise((resolve) => {
        resolveLost = resolve;
      }),
      limits: {},
      features: new Set(),
      adapterInfo: {},
      queue: { onSubmittedWorkDone: () => new Promise<void>((resolve) => (resolveWork = resolve)) },
      addEventListener() {},
      removeEventListener() {},
    } as unknown as GPUDevice;
    const lose = (): void => {
      resolveLost({ reason: "unknown", message: "driver reset" });
      resolveWork();
    };
    return { device, lose };
  }

  it("is reported as lost all the same", async () => {
    const { device, lose } = fakeDevice();
    const gpu = new Gpu(device);
    const waiting = gpu.wait(Promise.reject(new Error("AbortError")));
    setTimeout(lose, 5);
    await expect(waiting).rejects.toMatchObject({
      code: "E_DEVICE",
      message: "gpu: the device was lost (unknown: driver reset); open a new one and load again",
      details: { reason: "unknown" },
    });
  });

  it("ends a wait that would never end", async () => {
    const { device, lose } = fakeDevice();
    const gpu = new Gpu(device);
    const waiting = gpu.wait(new Promise(() => {}));
    lose();
    await expect(waiting).rejects.toMatchObject({ code: "E_DEVICE" });
  });
});

describe("Gpu.dispose", () => {
  it("does not destroy a device it was given, and refuses further work", async () => {
    const { device } = await open();
    const guest = new Gpu(device);
    guest.dispose();
    expect(() => guest.assertUsable()).toThrow("gpu: this Gpu was disposed; open another one");
    await expect(smallProgram(guest)).rejects.toMatchObject({ code: "E_DEVICE" });
    const next = new Gpu(device);
    const program = await smallProgram(next);
    program.run();
    expect((await program.read("y")).data[1]).toBe(2);
    program.dispose();
  });

  it("destroys a device that openGpu made, and rejects what is pending", async () => {
    const gpu = await open();
    const program = await smallProgram(gpu);
    program.run();
    const read = program.read("y");
    gpu.dispose();
    gpu.dispose();
    await expect(read).rejects.toMatchObject({
      code: "E_DEVICE",
      message: "gpu: this Gpu was disposed; open another one",
    });
    expect((await gpu.device.lost).reason).toBe("destroyed");
  });
});

describe("an error nobody caught", () => {
  it("surfaces at the next wait and stays", async () => {
    const gpu = await open();
    const arena = new Arena(gpu, "test");
    const source = arena.buffer(16, Usage.STORAGE, "not for copying");
    const encoder = gpu.device.createCommandEncoder();
    encoder.copyBufferToBuffer(source, 0, source, 8, 8);
    gpu.device.queue.submit([encoder.finish()]);
    const reported = { code: "E_DEVICE", message: expect.stringContaining("gpu: the device reported an error: ") };
    await expect(gpu.idle()).rejects.toMatchObject(reported);
    expect(() => gpu.assertUsable()).toThrow(/not for copying/);
  });

  it("is not what a refused kernel or a guarded refusal leaves behind", async () => {
    const gpu = await open();
    const kernel = { name: "bad", code: "fn main() { oops }", bindings: [], args: [], workgroup: [1, 1, 1] as const };
    await expect(gpu.pipelines.get(kernel)).rejects.toMatchObject({ code: "E_COMPILE" });
    const many = Array.from({ length: 64 }, (_, i) => ({ name: `b${i}`, writes: false }));
    const wide = {
      name: "wide",
      code: "@compute @workgroup_size(1) fn main() {}",
      bindings: many,
      args: [],
      workgroup: [1, 1, 1] as const,
    };
    await expect(gpu.pipelines.get(wide)).rejects.toMatchObject({ code: "E_COMPILE" });
    const refused = gpu.guarded("test", () => gpu.device.createBuffer({ size: 16, usage: 0 }));
    await expect(refused).rejects.toMatchObject({
      code: "E_DEVICE",
      message: expect.stringContaining("test: the device refused"),
    });
    await gpu.idle();
    expect(gpu.pipelines.size).toBe(0);
  });
});

describe("no adapter", () => {
  it("lists the adapters there are", async () => {
    await expect(openGpu({ adapter: "no such" })).rejects.toMatchObject({
      code: "E_ADAPTER",
      message: expect.stringMatching(/^openGpu: no adapter matches "no such"; there are:\n {2}0: \S/),
    });
    await expect(openGpu({ adapter: 99 })).rejects.toMatchObject({ code: "E_ADAPTER" });
  });
});
