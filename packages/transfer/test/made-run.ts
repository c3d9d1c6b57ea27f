/** A training's events and result without a training: what a run folder is given to write. */
import { type HostTensor, sizeOf } from "@tlx/kernels";
import { uniformFanIn, type Weights } from "@tlx/nn";
import {
  buildTransferGraph,
  completeSettings,
  type FreezeCertificate,
  findModel,
  type Model,
  type Snapshot,
  type TrainEvent,
  type TrainResult,
} from "@tlx/transfer";
import { tinyModel } from "./tiny-model.js";

export const squeezeNet: Model = findModel("squeezenet-1.1");
export const classes: readonly string[] = ["daisy", "tulip", "a \u{1f33b}"];

function madeWeights(model: Model, hidden = 0): Weights {
  const { params, states } = buildTransferGraph(model, { batch: 1, form: "folded", classes: classes.length, hidden });
  return new Map(
    [...params, ...states].map(([name, { spec }]): [string, HostTensor] => {
      const tensor = uniformFanIn(spec, sizeOf(spec), 1, name);
      const positive = (): HostTensor => ({ spec, data: tensor.data.map((v) => v + 1) });
      return [name, name.endsWith("running_var") ? positive() : tensor];
    }),
  );
}

const none = { planned: 0, everything: 0 };
const emptyCertificate: FreezeCertificate = {
  ...{ format: "tlx-freeze-certificate", version: 1, tensors: [] },
  step: { backwardDispatches: none, backwardDispatchesSkipped: 0, bytes: none, optimizerBytes: none, gpuMs: null },
};

/** Of the smallest network by default: its golden example takes milliseconds, but `readRun` does not know it. */
export function madeResult(model: Model = tinyModel, hidden = 0): Omit<TrainResult, "gpu"> {
  const weights = madeWeights(model, hidden);
  const valSamples = [
    { file: "val/daisy/1.jpg", label: 0 },
    { file: '=HYPERLINK("x").jpg', label: 1 },
    { file: "val/a, b.jpg", label: 2 },
  ];
  return {
    model,
    classes,
    settings: completeSettings({ hidden }),
    weights,
    backbone: { form: "folded", weights },
    stored: undefined,
    certificate: emptyCertificate,
    bestEpoch: 2,
    epochs: 2,
    val: {
      accuracy: 2 / 3,
      loss: 0.5,
      predicted: Uint32Array.of(0, 1, 0),
      confidence: Float32Array.of(0.75, 0.5, 1),
    },
    valSamples,
    trainAccuracy: 1,
    interrupted: false,
  };
}

/** Figures and head of an epoch, as the trainer tells them. */
export function madeEpoch(epoch: number, best: boolean, model: Model = tinyModel): TrainEvent[] {
  const head = new Map([...madeWeights(model)].filter(([path]) => path.startsWith(`${model.headPath}.`)));
  const figures = { learningRate: 0.001, loss: 1 / epoch, trainAccuracy: 1, valLoss: 0.5, valAccuracy: 0.75, ms: 3.5 };
  return [
    { type: "epoch", epoch, epochs: 3, best, ...figures },
    { type: "checkpoint", epoch, best, weights: head },
  ];
}

/** A state whose one tensor tells where it is from. */
export function madeSnapshot(epoch: number, step = 0): Snapshot {
  const values = Float32Array.from({ length: 100 }, (_, i) => 1000 * epoch + 100 * step + i);
  return {
    identity: { model: "tiny" },
    position: { phase: 0, epoch, step },
    tensors: new Map([["w", { spec: { dtype: "f32", shape: [100] }, data: values }]]),
  };
}
