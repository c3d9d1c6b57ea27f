/** A picture classifier in a page. */
import { Gpu, TlxError } from "@tlx/kernels";
import { openGpu } from "@tlx/kernels/browser";
import { winogradVariants as variants } from "@tlx/kernels/variants";
import {
  type DownloadProgress,
  type Model,
  models,
  type Picture,
  Predictor,
  type TopEntry,
  verifyGolden,
} from "@tlx/transfer";
import { type ModelSource, type ReadModel, readModel } from "./read-model.js";
import { type PictureSource, readPicture } from "./read-picture.js";
import { unlessAborted } from "./unless-aborted.js";

export interface ClassifierOptions extends ModelSource {
  /** Networks that the model may be of: those of tlx by default; own ones are made by `defineModel`. */
  readonly networks?: readonly Model[];
  /** A device of the page's own, which stays its own. Default: one is opened, and again after it was lost. */
  readonly device?: GPUDevice;
  readonly signal?: AbortSignal;
  /** Of the download of the weights. */
  readonly onProgress?: DownloadProgress;
}

export interface PredictOptions {
  /** How many classes to give, the most probable first. Default 5. */
  readonly top?: number;
  readonly signal?: AbortSignal;
}

/** One class with its name and its probability. */
export type Prediction = TopEntry;

interface Running {
  readonly gpu: Gpu;
  readonly predictor: Predictor;
}

/** Made by `createClassifier`. Predictions may be asked for at any time; they are made one after the other. */
export class Classifier {
  private readonly model: ReadModel;
  private readonly device: GPUDevice | undefined;
  private running: Running | undefined;
  private last: Promise<unknown> = Promise.resolve();
  private disposed = false;

  constructor(model: ReadModel, device: GPUDevice | undefined, running: Running) {
    this.model = model;
    this.device = device;
    this.running = running;
  }

  /** Names of the classes. */
  get labels(): readonly string[] {
    return this.model.labels;
  }

  /**
   * The most probable classes of a picture. Where the device was lost, a new one is opened, once.
   * Throws E_DATA or E_NETWORK for the picture, E_DEVICE, E_LIMIT or E_ADAPTER for the device, and the signal's reason when aborted.
   */
  async predict(source: PictureSource, { top = 5, signal }: PredictOptions = {}): Promise<Prediction[]> {
    const picture = await unlessAborted(readPicture(source, signal), signal);
    const turn = this.last.then(() => {
      signal?.throwIfAborted();
      return this.run(picture);
    });
    this.last = turn.catch(() => {});
    const { row, predictor } = await unlessAborted(turn, signal);
    return predictor.top(row, top);
  }

  /** Frees the device's memory, after the prediction that is under way. */
  dispose(): void {
    this.disposed = true;
    void this.last.then(() => this.close());
  }

  private async run(picture: Picture): Promise<{ readonly row: Float32Array; readonly predictor: Predictor }> {
    for (let attempt = 0; ; attempt++) {
      if (this.disposed) throw new TlxError("E_USAGE", "classifier: was disposed and cannot be used any more");
      try {
        this.running ??= await start(this.model, this.device);
        const { predictor } = this.running;
        return { row: await rowOf(predictor, picture), predictor };
      } catch (error) {
        const code = error instanceof TlxError && error.code;
        if (code === "E_DEVICE" || code === "E_LIMIT") this.close();
        if (code !== "E_DEVICE" || this.device || attempt > 0) throw error;
      }
    }
  }

  private close(): void {
    this.running?.predictor.dispose();
    this.running?.gpu.dispose();
    this.running = undefined;
  }
}

async function rowOf(predictor: Predictor, picture: Picture): Promise<Float32Array> {
  async function* only(): AsyncGenerator<{ readonly item: undefined; readonly picture: Picture }> {
    yield { item: undefined, picture };
  }
  for await (const result of predictor.run(only())) {
    if ("row" in result) return result.row;
    throw result.error;
  }
  throw new TlxError("E_DATA", "classifier: expected a prediction of the picture, found none");
}

const open = async (device: GPUDevice | undefined): Promise<Gpu> =>
  device ? new Gpu(device, { variants }) : openGpu({ variants });

/** Checks the network on this device before anything is predicted with it. */
async function compile(gpu: Gpu, { network, golden, preprocess, labels }: ReadModel): Promise<Running> {
  if (golden) await verifyGolden(gpu, network, golden);
  return { gpu, predictor: await Predictor.create(gpu, network, { preprocess, labels }) };
}

async function start(model: ReadModel, device: GPUDevice | undefined): Promise<Running> {
  const gpu = await open(device);
  try {
    return await compile(gpu, model);
  } catch (error) {
    gpu.dispose();
    throw error;
  }
}

/**
 * Loads a model, opens a device and compiles the network; checks that the device computes what the model's golden example says.
 *
 * Throws   E_ADAPTER where there is no WebGPU, E_VERIFY when the golden example comes out otherwise, E_USAGE, E_NETWORK or
 *          E_WEIGHTS for the model, and the signal's reason when aborted
 */
export async function createClassifier(options: ClassifierOptions): Promise<Classifier> {
  const { networks = models, device, signal, onProgress } = options;
  signal?.throwIfAborted();
  // First of all: a page without WebGPU need not load anything to say so.
  const gpu = await open(device);
  let running: Running | undefined;
  try {
    const model = await unlessAborted(readModel(options, { networks, signal, onProgress }), signal);
    running = await compile(gpu, model);
    signal?.throwIfAborted();
    return new Classifier(model, device, running);
  } catch (error) {
    running?.predictor.dispose();
    gpu.dispose();
    throw error;
  }
}
