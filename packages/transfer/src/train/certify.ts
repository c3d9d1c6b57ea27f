import type { Capabilities } from "@tlx/kernels";
import { type FreezeCertificate, makeCertificate, type StepCost } from "./certificate.js";
import type { Job } from "./job.js";
import { trainingGraphs } from "./tail-programs.js";
import type { Trained } from "./trainer.js";
import { costOfTraining, type TrainingCost } from "./training-cost.js";

/** The certificate of a run: what is frozen in the end against what it was, and a step against one that trains everything. */
export function certify({ job, weights: after, gpu, gpuMs }: Trained): Promise<FreezeCertificate> {
  const { capabilities } = gpu;
  const { plan, input, changed } = job;
  const masks = new Map(
    [...plan.freeze.params].flatMap(([path, { elements }]) => (elements ? [[path, elements] as const] : [])),
  );
  return makeCertificate({
    ...{ before: plan.weights, after, trained: changed, masks },
    ...(input.checkpoint !== "none" && { stored: input.checkpoint.tensors }),
    step: { ...compareSteps(job, capabilities), gpuMs },
  });
}

function compareSteps(job: Job, capabilities: Capabilities): Omit<StepCost, "gpuMs"> {
  const cost = ({ tail }: Job["plan"]): TrainingCost & { readonly bytes: number } => {
    const { step } = trainingGraphs(tail, job.settings, false);
    const counted = costOfTraining([step], capabilities, job.input.choices);
    return { ...counted, bytes: counted.plannedBytes + counted.optimizerBytes };
  };
  const planned = cost(job.plan);
  const everything = cost(job.planEverything(job.settings.batch));
  const both = (pick: (of: typeof planned) => number) => ({ planned: pick(planned), everything: pick(everything) });
  return {
    backwardDispatches: both((c) => c.backward),
    bytes: both((c) => c.bytes),
    optimizerBytes: both((c) => c.optimizerBytes),
  };
}
