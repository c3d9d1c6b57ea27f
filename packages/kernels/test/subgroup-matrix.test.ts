import { type Capabilities, Gpu, type Kernel, type MatrixShape, type Variant } from "@tlx/kernels";
import { hashText, records } from "@tlx/kernels/testing";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { create } from "webgpu";
import { testGpu } from "../../../test/support/gpu.js";
import { checkCase, everyVariant, oracleOf, problemsOf } from "./check-case.js";
import { canEmulate, emulateMatrices } from "./emulate-matrices.js";

const matrix = (m: number, n: number, k: number, factors: MatrixShape["factors"]): MatrixShape => ({
  m,
  n,
  k,
  factors,
});

/** What adapters are known to offer. */
const offers: Readonly<Record<string, readonly MatrixShape[]>> = {
  "16 x 16 x 16": [matrix(16, 16, 16, "f16")],
  "8 x 16 x 16": [matrix(8, 16, 16, "f16")],
  "8 x 8 x 8": [matrix(8, 8, 8, "f32")],
};

const used = records.filter(({ op }) => everyVariant(op).some((v) => v.name === "subgroup-matrix"));
const isMatrixVariant = ({ name }: Variant<unknown>): boolean => name.startsWith("subgroup-matrix");

let gpu: Gpu;
beforeAll(async () => {
  gpu = await testGpu();
});

describe("on a device that computes nothing but offers the extension", () => {
  // Kept until the process ends, as Dawn wants it.
  const instance = create(["backend=null", "enable-dawn-features=allow_unsafe_apis"]);
  let device: GPUDevice;
  beforeAll(async () => {
    const adapter = (await instance.requestAdapter())!;
    const requiredFeatures = ["shader-f16", "subgroups", "chromium-experimental-subgroup-matrix"] as GPUFeatureName[];
    device = await adapter.requestDevice({ requiredFeatures });
  });
  afterAll(() => device.destroy());

  async function compile({ name, code, bindings, workgroup }: Kernel): Promise<void> {
    device.pushErrorScope("validation");
    const module = device.createShaderModule({ label: name, code });
    const { messages } = await module.getCompilationInfo();
    expect(
      messages.map((m) => `${m.message} ${code.split("\n")[m.lineNum - 1]}`),
      name,
    ).toEqual([]);
    if (workgroup[0] % device.adapterInfo.subgroupMaxSize! !== 0) return; // its subgroups are larger than those counted on
    const types = [...bindings.map((b) => (b.writes ? "storage" : "read-only-storage")), "uniform"];
    const layout = device.createBindGroupLayout({
      entries: types.map((type, binding) => ({
        binding,
        visibility: 4,
        buffer: { type: type as GPUBufferBindingType },
      })),
    });
    device.createComputePipeline({
      layout: device.createPipelineLayout({ bindGroupLayouts: [layout] }),
      compute: { module, entryPoint: "main" },
    });
    expect((await device.popErrorScope())?.message, name).toBeUndefined();
  }

  it.each(Object.entries(offers))("the kernels for %s compile", async (_, matrices) => {
    const caps: Capabilities = { ...gpu.capabilities, halfFloats: true, largestSubgroup: 32, matrices };
    const kernels = new Map<string, Kernel>();
    for (const record of used)
      for (const c of record.cases)
        for (const problem of problemsOf(record, c))
          for (const variant of everyVariant(record.op).filter((v) => isMatrixVariant(v) && v.fits(problem, caps))) {
            const all = variant.settings!(problem, caps);
            const some = process.env.TLX_DEEP ? all : [all[hashText(c.name) % all.length]!];
            for (const settings of some)
              for (const { kernel } of variant.lower(problem, caps, settings).dispatches)
                kernels.set(kernel.code, kernel);
          }
    expect([...kernels.values()].filter(({ code }) => code.includes("subgroupMatrix")).length).toBeGreaterThan(10);
    for (const kernel of kernels.values()) await compile(kernel);
  });
});

/** Each takes seconds to compile, so deep runs alone emulate every case. */
const chosen: Readonly<Record<string, readonly string[]>> = {
  matmul: ["tile+1"],
  conv2d: ["quads-dilated"],
};

describe("with the builtins emulated", () => {
  for (const record of used) {
    const { name } = record.op;
    const edges = record.cases.filter((c) => c.tags.includes("edge"));
    const cases = process.env.TLX_DEEP ? edges : edges.filter((c) => chosen[name]?.includes(c.name));
    cases.forEach((c, number) => {
      // Square matrices of float32 make the most text: for products only.
      const matrices = Object.values(offers)[name === "conv2d" ? number % 2 : 2 * (number % 2)]!;
      it(`${name}: ${c.name}`, async ({ skip }) => {
        const { subgroupSize: lanes = 0, halfFloats } = gpu.capabilities;
        if (lanes !== 8 || !halfFloats) skip("emulated for subgroups of 8");
        // The kernels count on subgroups larger than these, as where sizes vary; text for as small ones takes minutes to compile.
        const capabilities = { ...gpu.capabilities, matrices, largestSubgroup: number % 2 === 0 ? 64 : 32 };
        const own = new Gpu(gpu.device, { capabilities });
        onTestFinished(() => own.dispose());
        for (const variant of everyVariant(record.op).filter(isMatrixVariant)) {
          const { problem } = oracleOf(record, c, variant.precision).data;
          if (!variant.fits(problem, capabilities)) continue;
          const all = variant.settings!(problem, capabilities).filter(canEmulate);
          const settings = process.env.TLX_DEEP ? all : [all[number % all.length]!];
          for (const s of settings) {
            await checkCase(own, record, c, emulateMatrices(variant, matrices[0]!.factors, lanes), s);
          }
        }
      });
    });
  }
});
