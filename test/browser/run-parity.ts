import { Arena, f32, type Gpu, Reader, sizeOf, Usage } from "@tlx/kernels";
import { type Network, optimizeForInference, Program, uniformFanIn, type Weights } from "@tlx/nn";
import {
  buildTransferGraph,
  findModel,
  loadBackbone,
  type Model,
  type Picture,
  Preprocessor,
  parseSafetensors,
  withInputSize,
} from "@tlx/transfer";

export interface ParityRun {
  /** What it ran on. */
  readonly adapter: string;
  /** Of every picture: what the network is given, in steps of 1 of 255. */
  readonly prepared: readonly (readonly number[])[];
  /** Of every network and picture. */
  readonly logits: Readonly<Record<string, readonly (readonly number[])[]>>;
}

const CLASSES = 10;

/** Noise on a slope, in whole numbers. */
function madePicture(width: number, height: number): Picture {
  const data = Uint8Array.from({ length: 4 * width * height }, (_, i) => {
    const [x, y, c] = [(i >> 2) % width, Math.floor((i >> 2) / width), i % 4];
    return c === 3 ? 255 : (Math.floor((150 * (c === 1 ? x : y)) / (width + height)) + ((i * 7919) % 105)) % 256;
  });
  return { width, height, data };
}

/** Numbers by formula that keep the size of what passes through, in place of what is not `known`. */
function madeNetwork(model: Model, form: "folded" | "separate", known: Weights = new Map()): Network {
  const graph = buildTransferGraph(model, { batch: 1, form, classes: CLASSES, inputSize: model.card.inputSize });
  const made = [...graph.params].map(([path, { spec }]) => {
    const fanIn = spec.shape.length === 1 ? 100 : sizeOf(spec) / spec.shape.at(-1)! / 6;
    return [path, known.get(path) ?? uniformFanIn(spec, fanIn, 1, path)] as const;
  });
  return { graph, weights: new Map([...known, ...made]) };
}

/** The pictures as they are, small and large, turned and narrow, then those given. */
export async function runParity(gpu: Gpu, nanoWeights: Uint8Array, given: readonly Picture[]): Promise<ParityRun> {
  const pictures = [madePicture(61, 47), madePicture(500, 375), madePicture(97, 331), madePicture(9, 13), ...given];
  const nano = findModel("tlx-nano");
  const { form, weights } = loadBackbone(nano, parseSafetensors(nanoWeights));
  const mobileNet = withInputSize(findModel("mobilenet-v2"), 64);
  const { vendor, architecture, device, description } = gpu.device.adapterInfo;
  return {
    adapter: [vendor, architecture, device, description].join(" "),
    prepared: await prepare(gpu, nano, pictures),
    logits: {
      "tlx-nano": await predict(gpu, nano, madeNetwork(nano, form, weights), pictures),
      "mobilenet-v2": await predict(gpu, mobileNet, madeNetwork(mobileNet, "folded"), pictures.slice(0, 2)),
    },
  };
}

async function prepare(gpu: Gpu, { preprocess }: Model, pictures: readonly Picture[]): Promise<number[][]> {
  const { crop, mean, std } = preprocess;
  const arena = new Arena(gpu, "parity");
  const reader = new Reader(gpu, "parity");
  const preprocessor = new Preprocessor(gpu, preprocess);
  const shape = f32(pictures.length, crop, crop, 3);
  try {
    const target = arena.buffer(4 * sizeOf(shape), Usage.STORAGE | Usage.COPY_SRC | Usage.COPY_DST, "target");
    for (const [i, picture] of pictures.entries()) await preprocessor.run(picture, target, i);
    const { data } = await reader.read(target, shape);
    const steps = Array.from(data, (v, i) => 255 * (v * std[i % 3]! + mean[i % 3]!));
    const each = crop * crop * 3;
    return pictures.map((_, i) => steps.slice(i * each, (i + 1) * each));
  } finally {
    preprocessor.dispose();
    reader.dispose();
    arena.dispose();
  }
}

async function predict(gpu: Gpu, model: Model, network: Network, pictures: readonly Picture[]): Promise<number[][]> {
  const { graph, weights } = optimizeForInference(network);
  const program = await Program.compile(gpu, graph, weights, { label: model.name });
  const preprocessor = new Preprocessor(gpu, model.preprocess);
  try {
    const rows: number[][] = [];
    for (const picture of pictures) {
      await preprocessor.run(picture, program.inputBuffer("image"), 0);
      program.run();
      rows.push(Array.from((await program.read("logits")).data));
    }
    return rows;
  } finally {
    preprocessor.dispose();
    program.dispose();
  }
}
