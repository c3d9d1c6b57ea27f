/** A training step of MobileNetV2 needs at most half of the memory that it would if every intermediate value had its own. */
import { readFileSync } from "node:fs";
import { costOfTraining, findModel, parseSafetensors, prepareJob, trainingGraphs } from "@tlx/transfer";
import { expect, it } from "vitest";
import { testGpu } from "./support/gpu.js";
import { describeShared, sharedPath } from "./support/shared.js";

const BATCH = 16;

describeShared("planned bytes of a step", () => {
  const checkpoint = parseSafetensors(readFileSync(sharedPath("weights", "mobilenet_v2.safetensors")));
  const samples = Array.from({ length: BATCH }, (_, i) => ({ file: `${i}`, label: i % 5 }));
  it.each(["last:3", "all"].flatMap((unfreeze) => [112, 224].map((inputSize) => ({ unfreeze, inputSize }))))(
    "$unfreeze at $inputSize px",
    async ({ unfreeze, inputSize }) => {
      const { capabilities } = await testGpu();
      const job = prepareJob({
        ...{ model: findModel("mobilenet-v2"), checkpoint, train: samples, val: samples },
        classes: ["a", "b", "c", "d", "e"],
        settings: { unfreeze, inputSize, batch: BATCH },
      });
      const { tail } = job.planPhase(job.phases[0]!, BATCH, new Map());
      const { plannedBytes, unplannedBytes } = costOfTraining(
        [trainingGraphs(tail, job.settings, false).step],
        capabilities,
      );
      expect(plannedBytes).toBeLessThanOrEqual(unplannedBytes / 2);
    },
  );
});
