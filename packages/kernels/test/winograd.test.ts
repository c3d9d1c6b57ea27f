import {
  type Capabilities,
  type ConvParams,
  chooseVariant,
  conv2d,
  conv2dInputGrad,
  defaultCapabilities,
  f32,
  Gpu,
  type Problem,
} from "@tlx/kernels";
import { records } from "@tlx/kernels/testing";
import { winogradVariants } from "@tlx/kernels/variants";
import { beforeAll, describe, expect, it } from "vitest";
import { testGpu } from "../../../test/support/gpu.js";
import { type AnyCase, checkCase, everyVariant } from "./check-case.js";

const window: ConvParams = { stride: [1, 1], pad: [1, 1, 1, 1], dilation: [1, 1], groups: 1, activation: "none" };

/** A 3x3 convolution of n pictures of size x size. */
function problemOf(n: number, size: number, c: number, oc = c, changed: Partial<ConvParams> = {}): Problem<ConvParams> {
  const params = { ...window, ...changed };
  const inputs = [f32(n, size, size, c), f32(3, 3, c / params.groups, oc)];
  return { inputs, outputs: conv2d.infer(inputs, params), params };
}

const frozen = <P>(problem: Problem<P>): Problem<P> => ({ ...problem, constant: [1] });
const usual: Capabilities = { ...defaultCapabilities, variants: winogradVariants };
const software: Capabilities = { ...usual, software: true, subgroupSize: 8 };

const chosen = (problem: Problem<ConvParams>, caps: Capabilities): readonly [string, number | undefined] => {
  const { variant, settings } = chooseVariant(conv2d, problem, caps);
  return [variant.name, settings?.tile];
};

describe("Winograd's method", () => {
  it("is chosen for deep layers on a software adapter", () => {
    for (const problem of [problemOf(8, 56, 64), problemOf(8, 14, 256), problemOf(1, 28, 128)]) {
      expect(chosen(problem, software)).toEqual(["winograd-subgroup", 4]);
      expect(chosen(frozen(problem), software)).toEqual(["winograd-subgroup", 4]);
    }
    // Tiles of 4x4 would leave most of the products empty, and transforming this weight takes as long as they do.
    expect(chosen(frozen(problemOf(1, 7, 512)), software)).toEqual(["winograd-subgroup", 2]);
    expect(chosen(problemOf(1, 7, 512), software)[0]).toBe("subgroup-tile");
    expect(chosen(frozen(problemOf(8, 14, 16)), software)[0]).toBe("subgroup-tile");
  });

  it("is chosen on a GPU for weights that last", () => {
    expect(chosen(frozen(problemOf(8, 14, 256)), usual)).toEqual(["winograd", 4]);
    expect(chosen(problemOf(8, 14, 256), usual)[0]).toBe("workgroup-tile");
    expect(chosen(frozen(problemOf(8, 14, 32, 256)), usual)[0]).toBe("workgroup-tile");
  });

  it("is known to a device that was handed it", () => {
    expect(chosen(problemOf(8, 56, 64), { ...software, variants: undefined })[0]).toBe("subgroup-tile");
    expect(chosen(frozen(problemOf(8, 14, 256)), defaultCapabilities)[0]).toBe("workgroup-tile");
  });

  it("transforms a constant weight once, and any other in every run", () => {
    const variant = everyVariant(conv2d).find((v) => v.name === "winograd")!;
    const [once, always] = [frozen(problemOf(1, 9, 20)), problemOf(1, 9, 20)].map((p) => variant.lower(p, software));
    expect(once!.prepared).toHaveLength(1);
    expect(always!.prepared).toBeUndefined();
    expect(once!.dispatches.length + 1).toBe(always!.dispatches.length);
  });

  it("fits 3x3 kernels of stride 1 with narrow pads and enough channels for its error to average out", () => {
    const variant = everyVariant(conv2d).find((v) => v.name === "winograd")!;
    const fits = (problem: Problem<ConvParams>): boolean => variant.fits(problem, defaultCapabilities);
    expect(fits(problemOf(1, 9, 16, 5))).toBe(true);
    expect(fits(problemOf(1, 9, 16, 5, { pad: [0, 1, 1, 0] }))).toBe(true);
    const others = [
      problemOf(1, 9, 15, 5),
      problemOf(1, 9, 16, 5, { pad: [1, 2, 1, 1] }),
      problemOf(1, 9, 16, 5, { stride: [1, 2] }),
      problemOf(1, 9, 16, 5, { dilation: [2, 1] }),
      problemOf(1, 9, 32, 4, { groups: 2 }),
      problemOf(1, 9, 2 ** 13, 2 ** 13), // its transformed weight is over the binding limit
    ];
    expect(others.map(fits)).toEqual(others.map(() => false));
  });
});

describe("where memory is short", () => {
  let gpu: Gpu;
  beforeAll(async () => {
    gpu = await testGpu();
  });

  it.each([
    [conv2d, [7, 11, 13, 17], [3, 3, 17, 19], { ...window, pad: [0, 1, 1, 0] }],
    [conv2dInputGrad, [5, 12, 14, 18], [3, 3, 19, 18], { ...window, inputSize: [12, 14] }],
  ] as const)("$name takes some tiles at a time", async ({ name }, x, w, params) => {
    const guest = new Gpu(gpu.device, { capabilities: { maxStorageBufferBindingSize: 100_000 } });
    const record = records.find((r) => r.op.name === name)!;
    const c: AnyCase = { name: "short", tags: [], inputs: [f32(...x), f32(...w)], params };
    const variant = everyVariant(record.op).find((v) => v.name === "winograd")!;
    const problem = { inputs: c.inputs, outputs: record.op.infer(c.inputs, params), params };
    for (const settings of variant.settings!(problem, guest.capabilities)) {
      const { dispatches } = variant.lower(problem, guest.capabilities, settings);
      expect(dispatches.length).toBeGreaterThan(1 + 3);
      await checkCase(guest, record, c, variant, settings);
    }
    guest.dispose();
  });
});
