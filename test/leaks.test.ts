import { Arena, f32, Gpu, Reader, relu, Usage } from "@tlx/kernels";
import { GraphBuilder, Params, Program, profileProgram } from "@tlx/nn";
import { afterEach, beforeEach, expect, it } from "vitest";
import { fill, fillWeights, inputsOf, smallNet } from "../packages/nn/test/support/small-net.js";
import { testGpu } from "./support/gpu.js";

const graph = smallNet();
const weights = fillWeights(graph);

/** A Gpu of its own on the shared device, so that its count starts at 0. */
let gpu: Gpu;
beforeEach(async () => {
  gpu = new Gpu((await testGpu()).device);
});
afterEach(() => gpu.dispose());

async function use(program: Program): Promise<void> {
  for (const [name, data] of inputsOf(graph)) program.write(name, data);
  program.run();
  await Promise.all([program.read("logits"), program.read("middle"), program.read("logits")]);
  if (gpu.capabilities.timestamps) await profileProgram(gpu, program);
}

it("a program and its weights", async () => {
  const program = await Program.compile(gpu, graph, weights);
  await use(program);
  expect(gpu.liveBytes).toBeGreaterThanOrEqual(program.bytes);
  program.dispose();
  expect(gpu.liveBytes).toBe(0);
  program.dispose();
  expect(gpu.liveBytes).toBe(0);
});

it("params outlive the programs that share them", async () => {
  const params = new Params(gpu, weights);
  const programs = [await Program.compile(gpu, graph, params), await Program.compile(gpu, graph, params)];
  for (const program of programs) await use(program);
  await params.read();
  programs[0]!.dispose();
  await use(programs[1]!);
  programs[1]!.dispose();
  expect(gpu.liveBytes).toBeGreaterThanOrEqual(params.bytes);
  params.dispose();
  expect(gpu.liveBytes).toBe(0);
});

/** A relu whose kernel does not compile. */
const broken = {
  ...relu,
  variants: relu.variants.map((v) => ({
    ...v,
    lower: (...args: Parameters<typeof v.lower>) => {
      const lowered = v.lower(...args);
      const spoil = (code: string): string => code.replace("fn main", "fn mian");
      const dispatches = lowered.dispatches.map((d) => ({ ...d, kernel: { ...d.kernel, code: spoil(d.kernel.code) } }));
      return { ...lowered, dispatches };
    },
  })),
};

it.each([
  [
    "a kernel that does not compile",
    "E_COMPILE",
    () => {
      const b = GraphBuilder.from(graph);
      b.output("broken", b.apply(broken, [graph.outputs.get("logits")!], {}, "broken")[0]!);
      const bad = b.finish();
      return Program.compile(gpu, bad, weights);
    },
  ],
  [
    "a weight that is missing",
    "E_WEIGHTS",
    () => Program.compile(gpu, graph, new Map([...weights].filter(([path]) => path !== "classifier.bias"))),
  ],
  [
    "a weight whose data do not match its shape",
    "E_SHAPE",
    () =>
      Program.compile(
        gpu,
        graph,
        new Map([...weights, ["classifier.bias", { spec: f32(4), data: new Float32Array(3) }]]),
      ),
  ],
  [
    "a buffer over the limit",
    "E_LIMIT",
    () => {
      gpu.dispose();
      gpu = new Gpu(gpu.device, { capabilities: { maxBufferSize: 1728 } });
      return Program.compile(gpu, graph, weights);
    },
  ],
  [
    "a variant that does not exist",
    "E_USAGE",
    () => Program.compile(gpu, graph, weights, { variants: { globalAveragePool: "none" } }),
  ],
])("a compilation that fails halfway: %s", async (_, code, compile) => {
  await expect(compile()).rejects.toMatchObject({ code });
  await gpu.idle();
  expect(gpu.liveBytes).toBe(0);
});

it("leaves shared params to their owner when compilation fails", async () => {
  const params = new Params(gpu, new Map([...weights].filter(([path]) => path !== "classifier.bias")));
  await expect(Program.compile(gpu, graph, params)).rejects.toMatchObject({ code: "E_WEIGHTS" });
  expect(gpu.liveBytes).toBe(params.bytes);
  params.dispose();
  expect(gpu.liveBytes).toBe(0);
});

it("a reader keeps no more staging buffers than reads that overlapped", async () => {
  const arena = new Arena(gpu, "test");
  const reader = new Reader(gpu, "test");
  const spec = f32(64);
  const buffer = arena.buffer(256, Usage.STORAGE | Usage.COPY_SRC | Usage.COPY_DST, "source");
  gpu.device.queue.writeBuffer(buffer, 0, fill("source", spec).data as Float32Array<ArrayBuffer>);
  for (let i = 0; i < 20; i++) await Promise.all([reader.read(buffer, spec), reader.read(buffer, f32(3))]);
  expect(gpu.liveBytes).toBeLessThanOrEqual(256 + 2 * 256);
  reader.dispose();
  arena.dispose();
  expect(gpu.liveBytes).toBe(0);
});
