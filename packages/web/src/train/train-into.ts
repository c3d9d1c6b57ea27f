/** Trains, tells how it goes, and writes the run. */
import {
  confusionMatrix,
  ownerOf,
  type Snapshot,
  settingsOf,
  type TrainEvent,
  type TrainInput,
  type TrainResult,
  train,
  version,
} from "@tlx/transfer";
import { filePictures, type OpfsRun, opfsFeatures } from "@tlx/transfer/browser";
import type { Work, WorkOptions } from "./prepare-work.js";
import type { TrainingEvent, TrainingSummary } from "./training.js";

export interface TrainIntoOptions
  extends WorkOptions,
    Required<Pick<TrainInput, "gpu" | "reopenGpu">>,
    Pick<TrainInput, "acceptOtherGpu"> {
  /** From where it goes on. */
  readonly snapshot?: Snapshot;
  /** Where its pictures are now. */
  readonly places?: { readonly data: string };
}

export async function trainInto(run: OpfsRun, work: Work, options: TrainIntoOptions): Promise<TrainingSummary> {
  const { gpu, reopenGpu, acceptOtherGpu, snapshot, places, signal } = options;
  const { config, model, dataset, checkpoint, identity } = work;
  const { classes, files } = dataset;
  const tell = tellerOf(run, options);
  const events = train({
    ...{ gpu, reopenGpu, model, checkpoint, classes, identity, signal },
    ...{ train: dataset.train, val: dataset.val, settings: settingsOf(config) },
    // The trainer minds the signal between pictures: it saves where it stands before it ends.
    pictures: filePictures(files),
    openFeatures: opfsFeatures(),
    ...(snapshot
      ? { resume: snapshot, acceptOtherGpu }
      : { choices: await run.readKernels(ownerOf(gpu, version), acceptOtherGpu) }),
  });
  try {
    for (;;) {
      const { done, value } = await events.next();
      if (done) return await finish(run, value);
      await run.record(value);
      // They are the right ones: the trainer has compared.
      if (value.type === "plan" && places) await run.relocate(places);
      tell(value);
    }
  } finally {
    // Ends what the generator still holds where this loop was left by an error of its own.
    await events.return(undefined as never);
  }
}

async function finish(run: OpfsRun, result: TrainResult): Promise<TrainingSummary> {
  await run.finish(result.gpu, result);
  const { model, classes, val, valSamples, trainAccuracy, epochs, bestEpoch, interrupted } = result;
  const labels = valSamples.map((sample) => sample.label);
  return {
    ...{ run: run.name, model: model.name, classes, accuracy: val.accuracy, loss: val.loss },
    ...{ trainAccuracy, epochs, bestEpoch, interrupted },
    confusion: confusionMatrix(labels, val.predicted, classes.length),
  };
}

/** Milliseconds between two that tell of pictures: known features come by the thousand. */
const BETWEEN = 50;

/** Tells a page of what the trainer tells; weights and states stay in the worker. */
function tellerOf(run: OpfsRun, { emit }: { emit(event: TrainingEvent): void }): (event: TrainEvent) => void {
  let last = 0;
  return (event) => {
    if (event.type === "checkpoint") return;
    if (event.type === "snapshot") {
      const { epoch, step } = event.snapshot.position;
      if (run.isResumable) emit({ type: "saved", epoch, step });
      return;
    }
    if (event.type === "features" && event.done < event.total) {
      if (performance.now() - last < BETWEEN) return;
      last = performance.now();
    }
    emit(event);
  };
}
