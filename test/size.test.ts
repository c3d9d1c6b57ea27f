/** What a page with tlx loads: minified, with gzip, weights aside. `npm run size` prints the same figures. */
import { measurePages } from "@tlx/bench/node";
import { describe, expect, it } from "vitest";
import { bundleForBrowser } from "./support/bundle.js";

describe("a page that uses tlx", () => {
  it("loads no more than it may", async () => {
    const pages = await measurePages();
    expect(pages.map(({ name }) => name)).toEqual(["bundle/predict", "bundle/train", "bundle/web", "bundle/element"]);
    for (const { name, bytes, limit } of pages) expect(bytes, name).toBeLessThanOrEqual(limit);
  });
});

describe("a page that uses one op", () => {
  it.each([
    ["conv2d", "conv2dInputGrad", "conv2dWeightGrad", "referenceConv2d", "silu"],
    ["relu", "reluGrad", "relu6Grad", "referenceRelu"],
    ["silu", "siluGrad", "referenceCurve"],
    ["gateChannels", "gateChannelsGrad", "referenceGateChannels"],
  ])("has neither the backward kernels nor the reference of %s", async (op, ...absent) => {
    const { code } = await bundleForBrowser(`export { ${op} } from "@tlx/kernels";`, { format: "esm" });
    const all = await bundleForBrowser('export * from "@tlx/kernels"; export * from "@tlx/kernels/testing";', {
      format: "esm",
    });
    expect(code).toContain(`"${op}"`);
    for (const name of absent) {
      expect(all.code, name).toContain(name); // it is what it is called
      expect(code, name).not.toContain(name);
    }
  });
});
