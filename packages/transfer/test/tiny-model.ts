/** A network of one convolution, pictures in memory and weights by formula: training in milliseconds, no files. */
import { createHash } from "node:crypto";
import { type Gpu, type HostTensor, TlxError } from "@tlx/kernels";
import { randomFrom } from "@tlx/kernels/testing";
import { activate, batchNorm, conv2d, uniformFanIn } from "@tlx/nn";
import {
  buildNetworkGraph,
  type Checkpoint,
  exportTensors,
  type Hashed,
  type HashedOrCached,
  type Model,
  type Picture,
  parseSafetensors,
  type Sample,
  type TrainInput,
  writeSafetensors,
} from "@tlx/transfer";

const SIZE = 12;

export const tinyModel: Model = {
  name: "tiny",
  card: {
    title: "One convolution",
    paper: "none",
    weights: { file: "tiny.safetensors", licence: "none", source: "made by formula" },
    parameters: 232,
    multiplyAdds: 6 * 6 * 27 * 8,
    inputSize: SIZE,
    classes: 0,
    blocks: ["stem"],
  },
  preprocess: { resize: SIZE, crop: SIZE, mean: [0.5, 0.5, 0.5], std: [0.25, 0.25, 0.25] },
  backbone(s, image) {
    const stem = s.at("stem");
    const y = conv2d(stem.at("conv"), image, { out: 8, kernel: 3, stride: 2, pad: 1 });
    return stem.mark(activate(stem, batchNorm(stem.at("norm"), y), "relu"));
  },
  headPath: "head",
};

export function tinyCheckpoint(change: (path: string, tensor: HostTensor) => HostTensor = (_, t) => t): Checkpoint {
  const { params, states } = buildNetworkGraph(tinyModel, { batch: 1, form: "separate" });
  const tensors = [...params, ...states].map(([path, { spec }]): [string, HostTensor] => {
    const { data } = uniformFanIn(spec, spec.shape.length === 1 ? 25 : 27, 1, path);
    const ones = path.endsWith("norm.weight") || path.endsWith("running_var");
    return [path, change(path, { spec, data: ones ? data.map((v) => v + 1) : data })];
  });
  return parseSafetensors(writeSafetensors(exportTensors(new Map(tensors))));
}

/** Noise around red for label 0, around blue for label 1. */
export function madePicture(seed: number, label: number): Picture {
  const random = randomFrom(seed);
  const colour = [label === 0 ? 190 : 30, 60, label === 0 ? 30 : 190, 255];
  const data = Uint8Array.from({ length: 4 * SIZE ** 2 }, (_, i) => Math.min(255, colour[i % 4]! + 60 * random()));
  return { width: SIZE, height: SIZE, data };
}

/** A picture for each sample, made from its name, which is also hashed; those listed in `unreadable` come as errors. */
export function madePictures(
  samples: Iterable<Sample>,
  unreadable?: ReadonlySet<string>,
): AsyncGenerator<Hashed<Sample>>;
export function madePictures(
  samples: Iterable<Sample>,
  unreadable: ReadonlySet<string>,
  options: Parameters<TrainInput["pictures"]>[1],
): AsyncGenerator<HashedOrCached<Sample>>;
export async function* madePictures(
  samples: Iterable<Sample>,
  unreadable: ReadonlySet<string> = new Set(),
  { skip }: Partial<Parameters<TrainInput["pictures"]>[1]> = {},
): AsyncGenerator<HashedOrCached<Sample>> {
  for (const item of samples) {
    const hash = createHash("sha256").update(item.file).digest("hex");
    if (unreadable.has(item.file)) {
      yield { item, error: new TlxError("E_DATA", `picture ${item.file}: made unreadable`) };
    } else if (skip?.(hash)) {
      yield { item, hash, cached: true };
    } else {
      const seed = [...item.file].reduce((h, c) => 31 * h + c.charCodeAt(0), 7);
      yield { item, hash, picture: madePicture(seed, item.label) };
    }
  }
}

/** "train/0/0", ..., "train/1/0", ...: split, label and number. */
export const madeSamples = (split: string, perClass: number): Sample[] =>
  [0, 1].flatMap((label) => Array.from({ length: perClass }, (_, i) => ({ file: `${split}/${label}/${i}`, label })));

/** A training that names every sample right after a few epochs. */
export const tinyTraining = (gpu: Gpu, change: Partial<TrainInput> = {}): TrainInput => ({
  gpu,
  model: tinyModel,
  checkpoint: tinyCheckpoint(),
  classes: ["red", "blue"],
  train: madeSamples("train", 10),
  val: madeSamples("val", 5),
  pictures: (samples, options) => madePictures(samples, new Set(), options),
  settings: { epochs: 6, batch: 8, learningRate: 0.1, extractBatch: 3 },
  ...change,
});
