/** Networks of one's own: every op in its odd forms, hidden heads, and ops that no format has. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { type Gpu, globalAveragePool, matmulTransposeB } from "@tlx/kernels";
import { linear } from "@tlx/nn";
import { defineModel, findModel, type Model } from "@tlx/transfer";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { testGpu } from "../../../../test/support/gpu.js";
import { checkExport } from "../../src/export/check-export.js";
import type { FormatName } from "../../src/export/formats.js";
import { formats } from "../../src/export/formats.js";
import { prepareExport } from "../../src/export/prepare-export.js";
import { openExport } from "../../src/export/read-export.js";
import { probabilitiesOf } from "../../src/export/run-network.js";
import { writeExport } from "../../src/export/write-export.js";
import { livelinessOf, trainedSource } from "./made-source.js";
import { oddNetwork } from "./odd-network.js";

let gpu: Gpu;
let dir: string;
beforeAll(async () => {
  gpu = await testGpu();
  dir = await mkdtemp(path.join(tmpdir(), "tlx-export-own-"));
});
afterAll(() => rm(dir, { recursive: true }));

const graphFormats = ["onnx", "tfjs"] as const satisfies readonly FormatName[];

describe.each(graphFormats)("as %s", (format) => {
  it.each([
    ["every op, batch norms that cannot be folded", oddNetwork, 37, 0, false],
    ["every op, half floats", oddNetwork, 41, 5, true],
    ["a hidden head, half floats", findModel("tlx-nano"), 32, 16, true],
  ] as const)("%s", async (what, model, size, hidden, isHalf) => {
    const target = path.join(dir, `${format}-${size}-${hidden}`);
    const source = trainedSource(model, size, { hidden, ownLayers: model === oddNetwork });
    const exported = prepareExport(source, format, isHalf);
    expect(exported.metadata.tlx.batchNorm).toBe(model === oddNetwork ? "separate" : "folded");
    await writeExport(target, format, exported, async () => {});
    const loaded = await openExport(target, { model });
    expect([loaded?.tlx.numbers, loaded?.tlx.hidden]).toEqual([isHalf ? "float16" : "float32", hidden]);
    const found = await checkExport(gpu, loaded!);
    expect(await livelinessOf(gpu, source)).toBeGreaterThan(2e-3); // ten times the tolerance: a mistake shows
    expect(found, what).toMatchObject({ runtime: expect.stringMatching(/^(onnxruntime-web|@tensorflow\/tfjs) \d/) });
  });

  it("refuses an op that it has no counterpart for, by name and place", () => {
    const own: Model = defineModel({
      name: "strange",
      card: { inputSize: 8 },
      backbone(s, image) {
        const pooled = linear(s.at("a"), s.builder.apply(globalAveragePool, [image], {}, "pool")[0]!, 4);
        return s.at("odd").apply(matmulTransposeB, [pooled, pooled], {});
      },
    });
    const source = trainedSource(own, 8, { ownLayers: true });
    expect(() => formats[format].write(prepareExport(source, format, false))).toThrow(
      /op matmulTransposeB at "odd" has no counterpart in (ONNX|TensorFlow\.js); there are: conv2d, /,
    );
  });
});

it("probabilities of large logits stay finite", () => {
  expect([...probabilitiesOf(Float32Array.of(1000, 1000, -1000, 0, 0, 0), 3)]).toEqual([
    0.5,
    0.5,
    0,
    1 / 3,
    1 / 3,
    1 / 3,
  ]);
});
