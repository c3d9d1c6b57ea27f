/** Labelled photos through decoding, preprocessing and network: top-1. All photos with TLX_DEEP, else every eleventh. */
import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { findModel, imagenetLabels, loadPretrained, Predictor, parseSafetensors } from "@tlx/transfer";
import { decodeAll } from "@tlx/transfer/node";
import { expect, it } from "vitest";
import { testGpu } from "./support/gpu.js";
import { describeShared, sharedPath } from "./support/shared.js";

const deep = Boolean(process.env.TLX_DEEP);

// Of all photos 82.8 % and 61.6 % were measured, of the sixty 52 and 34: one photo less is left to rounding elsewhere.
const nets = [
  { model: "mobilenet-v2", file: "mobilenet_v2", share: deep ? 0.815 : 51 / 60 },
  { model: "squeezenet-1.1", file: "squeezenet1_1", share: deep ? 0.61 : 33 / 60 },
];

describeShared("ImageNet photos", () => {
  const folder = sharedPath("data/imagenet-samples");
  const all = readdirSync(folder)
    .filter((name) => name.endsWith(".jpg"))
    .sort();
  const photos = deep ? all : all.filter((_, i) => i % 11 === 0).slice(0, 60);

  const classOf = (name: string): number => Number.parseInt(name, 10);

  it("are named as our labels say", () => {
    const plain = (text: string): string => text.replaceAll(/[^A-Za-z]/g, "");
    for (const name of all) {
      const [label] = imagenetLabels[classOf(name)].split(",");
      expect(plain(name.slice(5, -4)), name).toBe(plain(label));
    }
  });

  it.each(nets)("$model", { timeout: 1_200_000 }, async ({ model: name, file, share }) => {
    const gpu = await testGpu();
    const model = findModel(name);
    const checkpoint = parseSafetensors(readFileSync(sharedPath("weights", `${file}.safetensors`)));
    const network = loadPretrained(model, checkpoint, { batch: 1 });
    const { preprocess } = model;
    const predictor = await Predictor.create(gpu, network, { preprocess, labels: imagenetLabels, batch: 8 });
    let right = 0;
    let seen = 0;
    try {
      for await (const result of predictor.run(decodeAll(photos.map((name) => ({ file: path.join(folder, name) }))))) {
        if ("error" in result) throw result.error;
        seen++;
        if (predictor.top(result.row, 1)[0].index === classOf(path.basename(result.item.file))) right++;
      }
    } finally {
      predictor.dispose();
    }
    expect(seen).toBe(photos.length);
    expect(right / seen).toBeGreaterThanOrEqual(share);
  });
});
