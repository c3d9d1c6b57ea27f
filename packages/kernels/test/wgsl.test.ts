import { createHash } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { defaultCapabilities, type Kernel } from "@tlx/kernels";
import { records } from "@tlx/kernels/testing";
import { expect, it } from "vitest";

const lock = new URL("wgsl.lock", import.meta.url);
const devices = [undefined, 8, 32].map((subgroupSize) => ({ ...defaultCapabilities, subgroupSize }));

interface Use {
  readonly op: string;
  readonly variant: string;
  readonly kernel: Kernel;
}

/** The kernels of every edge and model case, as every variant that fits lowers it on every device. */
function kernelsInUse(): Use[] {
  const uses: Use[] = [];
  for (const { op, cases } of records)
    for (const { inputs, params } of cases.filter((c) => c.tags.some((t) => t !== "bench"))) {
      const problem = { inputs, outputs: op.infer(inputs, params), params };
      for (const caps of devices)
        for (const variant of op.variants.filter((v) => v.fits(problem, caps)))
          for (const { kernel } of variant.lower(problem, caps).dispatches)
            uses.push({ op: op.name, variant: variant.name, kernel });
    }
  return uses;
}

it("names every kernel after the op and the variant it was written for", () => {
  const uses = kernelsInUse();
  const variants = new Set(uses.map(({ op, variant }) => `${op}/${variant}`));
  const names = uses.map(({ kernel }) => kernel.name);
  expect(names.filter((n) => !variants.has(n.split("/", 2).join("/")))).toEqual([]);
});

it("generates the locked text", () => {
  const lines = kernelsInUse().map(({ op, variant, kernel }) => {
    const hash = createHash("sha256").update(kernel.code).digest("hex").slice(0, 16);
    return `${op} ${variant} ${kernel.name} ${hash}\n`;
  });
  const text = [...new Set(lines)].sort().join("");
  if (process.env.TLX_UPDATE && !process.env.CI) writeFileSync(lock, text);
  expect(
    text,
    "the text of these kernels changed; if it was meant to, run: TLX_UPDATE=1 npm test -- wgsl, and commit wgsl.lock",
  ).toBe(readFileSync(lock, "utf8"));
});
