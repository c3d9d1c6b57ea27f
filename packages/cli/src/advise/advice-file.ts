/** What `tlx advise --json` prints; docs/advise.md tells of every entry. */
import path from "node:path";
import type { Gpu } from "@tlx/kernels";
import type { MeasuredModel } from "@tlx/transfer";
import { version } from "../version.js";
import { describeAdapter } from "../with-gpu.js";
import type { GivenAdvice } from "./give-advice.js";

export type AdviceFile = Readonly<Record<string, unknown>> & { readonly command: string };

export function adviceFile(gpu: Gpu, folder: string, found: GivenAdvice, seconds: number): AdviceFile {
  const { data, scan, advice, command, chosen } = found;
  const { models, random, placement, ways, reasons, suspects } = advice;
  const relative = (file: string): string => path.relative(folder, path.resolve(file));
  const nameOf = (label: number): string => data.classes[label] as string;
  return {
    ...{ format: "tlx-advice", version: 1, command },
    ...{ chosen: { ...advice.chosen, config: chosen }, reasons, placement },
    ways,
    models: models.map(measuredOf),
    random,
    data: {
      folder,
      ...{ origin: scan.origin, classes: scan.classes, pictures: scan.pictures, imbalance: scan.imbalance },
      ...{ width: scan.width, height: scan.height },
      unreadable: scan.unreadable.map(({ file, split, reason }) => ({ file: relative(file), split, reason })),
      skipped: scan.skipped,
      duplicates: scan.duplicates.map(({ pictures, ...group }) => ({
        ...group,
        pictures: pictures.map(({ file, split, label }) => ({ file: relative(file), split, class: nameOf(label) })),
      })),
      suspects: {
        estimated: suspects.estimated,
        most: suspects.most.map(({ file, label, suggested, margin, confident }) => ({
          ...{ file: relative(file), class: nameOf(label), suggested: nameOf(suggested), margin, confident },
        })),
      },
    },
    madeBy: { tlx: version, node: process.version, adapter: describeAdapter(gpu) },
    seconds,
  };
}

/** Without the probabilities of every picture. */
function measuredOf({ model, inputSize, evidence, similarity, speed }: MeasuredModel): unknown {
  const { probe, cuts, curve, nearest, logMe, source, rows } = evidence;
  const { accuracy, balancedAccuracy, loss, standardError, interval, penalty, foldAccuracies } = probe;
  return {
    ...{ model, inputSize, pictures: rows },
    probe: { accuracy, balancedAccuracy, loss, standardError, ...interval, penalty, foldAccuracies },
    ...{ cuts, curve, nearest, logMe, source: source ?? null, similarity, speed },
  };
}
