/** A teacher and students of one convolution, pictures in memory: distillations in milliseconds. */
import { createHash } from "node:crypto";
import { type Gpu, type HostTensor, TlxError } from "@tlx/kernels";
import { randomFrom } from "@tlx/kernels/testing";
import { activate, batchNorm, conv2d, globalAveragePool, linear, uniformFanIn } from "@tlx/nn";
import {
  type Checkpoint,
  type DistilEpochEvent,
  type DistilEvent,
  type DistilInput,
  type DistilResult,
  type DistilSettings,
  distil,
  exportTensors,
  type Model,
  type PictureSource,
  parseSafetensors,
  type Snapshot,
  writeSafetensors,
} from "@tlx/transfer";
import { buildTeachingGraph } from "../src/models/instantiate.js";
import { tinyModel } from "./tiny-model.js";

const SIZE = 12;

/** Eight features and five classes. */
export const teacherModel: Model = {
  ...tinyModel,
  name: "tiny-teacher",
  card: { ...tinyModel.card, classes: 5 },
  classifier: (s, features, classes) => linear(s.at("head"), globalAveragePool(s.at("pool"), features), classes),
};

export const blindTeacher: Model = { ...tinyModel, name: "blind-teacher" };

/** A student of `width` features at the stem. */
export const studentOf = (width: number): Model => ({
  ...tinyModel,
  name: `student-${width}`,
  backbone(s, image) {
    const stem = s.at("stem");
    const y = conv2d(stem.at("conv"), image, { out: width, kernel: 3, stride: 2, pad: 1 });
    return stem.mark(activate(stem, batchNorm(stem.at("norm"), y), "relu"));
  },
});

export function teacherCheckpoint(model: Model = teacherModel): Checkpoint {
  const { params, states } = buildTeachingGraph(model, { batch: 1, form: "separate" });
  const tensors = [...params, ...states].map(([path, { spec }]): [string, HostTensor] => {
    const { data } = uniformFanIn(spec, spec.shape.length === 1 ? 25 : 3, 1, path);
    const ones = path.endsWith("norm.weight") || path.endsWith("running_var");
    return [path, { spec, data: ones ? data.map((v) => v + 1) : data }];
  });
  return parseSafetensors(writeSafetensors(exportTensors(new Map(tensors))));
}

/** A colour and noise, drawn from the name, whose hash is the picture's; those named "broken..." come as errors. */
export const colourPictures: PictureSource = async function* (samples, { skip }) {
  for (const item of samples) {
    const hash = createHash("sha256").update(item.file).digest("hex");
    if (item.file.startsWith("broken")) yield { item, error: new TlxError("E_DATA", `${item.file}: made unreadable`) };
    else if (skip(hash)) yield { item, hash, cached: true };
    else {
      const random = randomFrom(Number.parseInt(hash.slice(0, 6), 16));
      const colour = [0, 1, 2].map(() => 200 * Math.abs(random()));
      const data = Uint8Array.from({ length: 4 * SIZE ** 2 }, (_, i) =>
        i % 4 === 3 ? 255 : colour[i % 4]! + 55 * Math.abs(random()),
      );
      yield { item, hash, picture: { width: SIZE, height: SIZE, data } };
    }
  }
};

export const fileNames = (count: number): string[] => Array.from({ length: count }, (_, i) => `picture ${i}`);

/** 22 pictures to learn from in steps of 5, 4 steps an epoch. */
export const tinyDistillation = (
  gpu: Gpu,
  settings: Partial<DistilSettings> = {},
  more: Partial<DistilInput> = {},
): DistilInput => ({
  ...{ gpu, student: studentOf(6), teacher: { model: teacherModel, checkpoint: teacherCheckpoint() } },
  ...{ files: fileNames(26), pictures: colourPictures },
  settings: {
    ...{ epochs: 3, batch: 5, learningRate: 0.02, warmupEpochs: 1, extractBatch: 3, heldOut: 0.15, cutmix: 0 },
    ...{ augment: "none", ...settings },
  },
  ...more,
});

export interface Distilled {
  readonly events: readonly DistilEvent[];
  readonly result: DistilResult;
}

/** All that a distillation tells, and its result. `watch` sees events as they come. */
export async function distilToEnd(input: DistilInput, watch?: (event: DistilEvent) => void): Promise<Distilled> {
  const events: DistilEvent[] = [];
  const run = distil(input);
  for (;;) {
    const { done, value } = await run.next();
    if (done) return { events, result: value };
    events.push(value);
    watch?.(value);
  }
}

export const epochsOf = (events: readonly DistilEvent[]): DistilEpochEvent[] =>
  events.flatMap((e) => (e.type === "epoch" ? [e] : []));

export const snapshotsOf = (events: readonly DistilEvent[]): Snapshot[] =>
  events.flatMap((e) => (e.type === "snapshot" ? [e.snapshot] : []));
