import { createHash } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { allDispatches, defaultCapabilities, type Kernel } from "@tlx/kernels";
import { records } from "@tlx/kernels/testing";
import { allVariants } from "@tlx/kernels/variants";
import { expect, it } from "vitest";
import { everyVariant, largeGpu, problemsOf } from "./check-case.js";

const lock = new URL("wgsl.lock", import.meta.url);
const devices = [{}, { subgroupSize: 8 }, { subgroupSize: 8, software: true }, largeGpu].map((features) => ({
  ...{ ...defaultCapabilities, variants: allVariants, ...features },
}));

interface Use {
  readonly op: string;
  readonly variant: string;
  readonly kernel: Kernel;
}

/** The kernels of every edge and model case, as every variant that fits lowers it on every device. */
function kernelsInUse(): Use[] {
  const uses: Use[] = [];
  for (const record of records) {
    const { op, cases } = record;
    for (const c of cases.filter(({ tags }) => tags.some((t) => t !== "bench"))) {
      for (const problem of problemsOf(record, c))
        for (const caps of devices)
          for (const variant of everyVariant(op).filter((v) => v.fits(problem, caps)))
            for (const { kernel } of allDispatches(variant.lower(problem, caps)))
              uses.push({ op: op.name, variant: variant.name, kernel });
    }
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

/** What browsers may lack, by what gives its use away: nothing need be enabled for it, so only such a browser would refuse it. */
const languageExtensions: Readonly<Record<string, RegExp>> = {
  packed_4x8_integer_dot_product: /\b(dot4[IU]8Packed|(un)?pack4x[IU]8(Clamp)?)\b/,
  readonly_and_readwrite_storage_textures: /\b(textureBarrier|texture_storage_\w+<\w+, ?read)/,
  pointers: /\bptr<|[(,] ?&[a-z]/,
  subgroup_id: /\b(subgroup_id|num_subgroups)\b/,
  linear_indexing: /\bglobal_invocation_index|\bworkgroup_index\b/,
  requires: /^requires /m,
};

it("needs no language extension, save on devices that only Chromium has", () => {
  const found = kernelsInUse()
    .filter(({ kernel }) => !kernel.code.includes("enable chromium_"))
    .flatMap(({ kernel }) =>
      Object.entries(languageExtensions)
        .filter(([, trace]) => trace.test(kernel.code))
        .map(([extension]) => `${kernel.name}: ${extension}`),
    );
  expect([...new Set(found)]).toEqual([]);
});
