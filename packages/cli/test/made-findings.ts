/** What a report would find, made by hand. */
import { buildTransferGraph, type CalibrationMeasure, findModel, measureCalibration } from "@tlx/transfer";
import type { Findings } from "../src/report/findings.js";
import { judge } from "../src/report/measure-run.js";
import type { EpochRow, RunRecord } from "../src/report/run-record.js";
import type { ShownPicture } from "../src/report/show-pictures.js";

/** No folder can have this name, but a run of a page can. */
export const evil = "<script>alert(1)</script>";

export const epochRow = (
  epoch: number,
  trainAccuracy: number,
  valAccuracy: number,
  valLoss = 1,
  best = false,
): EpochRow => ({
  ...{ epoch, trainAccuracy, valAccuracy, valLoss, best },
  ...{ learningRate: 0.001, loss: 0.5, ms: 1 },
});

export const madeRecord = (over: Partial<RunRecord> = {}): RunRecord => ({
  folder: "runs/train/x",
  description: {
    ...{ format: "tlx-model", version: 1, architecture: "tlx-nano", batchNorm: "separate", hidden: 0 },
    ...{ classes: ["a", "b"], weightsSha256: "0".repeat(64), preprocess: findModel("tlx-nano").preprocess },
  } as RunRecord["description"],
  ...{ config: {}, madeBy: {}, epochs: [], named: [], skipped: [], warnings: [] },
  ...{ certificate: undefined, calibration: undefined },
  ...over,
});

export const judged = [
  judge({ file: "sure-wrong", label: 0 }, [0.1, 0.9]),
  judge({ file: "unsure-right", label: 1 }, [0.49, 0.51]),
  judge({ file: "sure-right", label: 0 }, [0.99, 0.01]),
  judge({ file: "wrong", label: 1 }, [0.6, 0.4]),
];

/** `picture` is shown for all of them. */
export function madeFindings(names: readonly string[], over: Partial<Findings> = {}, picture?: ShownPicture): Findings {
  const model = findModel("tlx-nano");
  const graph = buildTransferGraph(model, { batch: 1, form: "separate", classes: names.length, hidden: 0 });
  const logits = judged.map(({ probabilities }) => Array.from(probabilities, Math.log));
  const calibration: CalibrationMeasure = measureCalibration(
    [...logits, ...logits],
    [...judged, ...judged].map((j) => j.label),
  );
  const shown = judged.map((of) => ({ of: { ...of, file: `/data/${evil}/${of.file}"'.jpg` }, picture }));
  const tensors = [...graph.params].map(([name, { spec }]) => ({
    ...{ name, dtype: "F32", shape: spec.shape, trained: name.startsWith("head."), loaded: true },
    ...{ before: "", after: "" },
  }));
  const both = { planned: 1, everything: 2 };
  const step = {
    backwardDispatches: both,
    backwardDispatchesSkipped: 1,
    bytes: both,
    optimizerBytes: both,
    gpuMs: both,
  };
  return {
    record: madeRecord({
      folder: `runs/${evil}`,
      description: { ...madeRecord().description, classes: names },
      config: { data: evil, note: { a: evil } },
      madeBy: { adapter: evil },
      epochs: [epochRow(1, 0.7, 0.6, 1), epochRow(2, 1, 0.5, 2, true)],
      warnings: [{ message: evil, advice: evil }],
      skipped: [{ file: evil, reason: evil }],
      certificate: { format: "tlx-freeze-certificate", version: 1, tensors, step },
    }),
    ...{ model, graph, root: "/data", trainCount: 8, quick: true },
    matrix: names.map((_, i) => names.map((_, k) => (i === k ? 3 : 1))),
    ...{ judged, calibration, missing: [evil], module: evil, gradients: [], duplicates: undefined },
    ...{ mistakes: shown, uncertain: shown },
    suspects: {
      val: { looked: 4, contradicted: 1, estimated: 1, pictures: [] },
      train: undefined,
      shown: shown.map(({ of, picture }) => ({ of: { ...of, suggested: 1 }, picture })),
    },
    ...over,
  };
}
