/** What a training will run, for tuning: every graph that its programs are compiled from. */
import type { Capabilities } from "@tlx/kernels";
import type { Graph } from "@tlx/nn";
import { inferenceGraph } from "../picture-program.js";
import { fitBatch } from "./fit-batch.js";
import type { Job } from "./job.js";
import { chooseSource } from "./phase-feeds.js";
import type { TrainingPlan } from "./plan-training.js";
import { trainingGraphs } from "./tail-programs.js";
import type { JobInput } from "./trainer.js";

/** Of all phases; the preparation of pictures is left out. */
export function graphsOfTraining(job: Job<JobInput>, capabilities: Capabilities): Graph[] {
  const { settings, input, phases } = job;
  return phases.flatMap((phase) => {
    const planOf = (batch: number): TrainingPlan => job.planPhase(phase, batch, new Map());
    const { plan, size, parts } = fitBatch(planOf, settings, capabilities, input.choices);
    const { step, update } = trainingGraphs(plan.tail, settings, parts > 1);
    const { prefix, tail } = plan;
    const isLive = chooseSource(plan, settings, input.train.length).views === 0;
    const batches = prefix ? new Set([settings.extractBatch, ...(isLive ? [size] : [])]) : [];
    const frozen = [...batches].map((batch) => inferenceGraph(prefix!, batch));
    return [...frozen, step, ...(update ? [update] : []), tail.evaluation];
  });
}
