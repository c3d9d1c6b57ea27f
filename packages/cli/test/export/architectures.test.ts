/** Every network in every format: written, read back by tlx, and run by ONNX Runtime and TensorFlow.js. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import type { Gpu } from "@tlx/kernels";
import { findModel, models } from "@tlx/transfer";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { testGpu } from "../../../../test/support/gpu.js";
import { checkExport } from "../../src/export/check-export.js";
import type { ExportSource } from "../../src/export/export-source.js";
import { type FormatName, formats } from "../../src/export/formats.js";
import { prepareExport } from "../../src/export/prepare-export.js";
import { openExport } from "../../src/export/read-export.js";
import { writeExport } from "../../src/export/write-export.js";
import { livelinessOf, publishedSource, trainedSource } from "./made-source.js";

let gpu: Gpu;
let dir: string;
beforeAll(async () => {
  gpu = await testGpu();
  dir = await mkdtemp(path.join(tmpdir(), "tlx-export-"));
});
afterAll(() => rm(dir, { recursive: true }));

/** Input size by network; larger ones cost more of the same. */
const sizes: Readonly<Record<string, number>> = {
  alexnet: 130,
  "inception-v3": 107,
  "inception-v3-tf": 75,
  "squeezenet-1.0": 64,
  "squeezenet-1.1": 61,
  "mobilenet-v3-small": 48,
};

/** Between them most of the parts; every op in odd forms is in own-network.test.ts. */
const quick = ["mobilenet-v3-small", "resnet-18", "squeezenet-1.1", "tlx-nano"];

const chosen = process.env.TLX_DEEP ? models.map(({ name }) => name) : quick;

/** Far above the tolerance of the check, so that a mistake shows. */
const LIVELY = 1e-2;

describe.each(chosen)("%s", (name) => {
  const model = findModel(name);
  const size = sizes[name] ?? 32;
  let source: ExportSource;
  beforeAll(() => {
    source = model.classifier ? publishedSource(model, size) : trainedSource(model, size);
  });

  it("gives other logits for other pictures", async () => {
    expect(await livelinessOf(gpu, source)).toBeGreaterThan(LIVELY);
  });

  it.each(Object.keys(formats) as FormatName[])(
    "as %s",
    async (format) => {
      const target = path.join(dir, `${name}.${format}`);
      const exported = prepareExport(source, format, false);
      expect(exported.metadata.tlx.batchNorm).toBe(
        formats[format].folds || source.network.graph.states.size === 0 ? "folded" : "separate",
      );
      await writeExport(target, format, exported, async () => {});
      const loaded = await openExport(target);
      expect(loaded?.description).toMatchObject({
        architecture: name,
        classes: source.labels,
        preprocess: source.preprocess,
      });
      await checkExport(gpu, loaded!);
      await rm(target, { recursive: true });
    },
    600_000,
  );
});
