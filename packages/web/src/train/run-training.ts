/** A training as a page asks for it, in a worker: what it learns from and what it leaves lie in the origin private file system. */
import { type Gpu, TlxError } from "@tlx/kernels";
import { openGpu } from "@tlx/kernels/browser";
import { allVariants } from "@tlx/kernels/variants";
import { describeDevice, deviceName, METRIC_LINES, parseConfig, runConfig, version } from "@tlx/transfer";
import { OpfsRun, opfsPictures } from "@tlx/transfer/browser";
import { configOf, prepareWork, type WorkOptions } from "./prepare-work.js";
import { trainInto } from "./train-into.js";
import type { TrainingRequest, TrainingSummary } from "./training.js";

export interface RunTrainingOptions extends WorkOptions {
  /** Takes the files of the run that the browser does not keep, at its end. */
  readonly onUnkept: (files: ReadonlyMap<string, Uint8Array>) => void;
}

/** Begins a run, or goes on with an unfinished one. Throws as `Trainer.train` tells. */
export async function runTraining(request: TrainingRequest, options: RunTrainingOptions): Promise<TrainingSummary> {
  const unlock = await opfsPictures(request.data).lock();
  const warn = (message: string): void => options.emit({ type: "warning", code: "E_DATA", message });
  try {
    const found = await OpfsRun.resume(request.run, warn);
    if (found?.finished) {
      throw new TlxError("E_USAGE", `train: the run "${request.run}" is finished; choose another name, or remove it`);
    }
    return found ? await resumeRun(request, found, options) : await beginRun(request, warn, options);
  } finally {
    unlock();
  }
}

async function beginRun(
  request: TrainingRequest,
  warn: (message: string) => void,
  options: RunTrainingOptions,
): Promise<TrainingSummary> {
  const config = configOf(request);
  return withGpu(options, async (gpu, reopenGpu) => {
    const work = await prepareWork(request, config, options);
    const madeBy = { tlx: version, browser: navigator.userAgent, adapter: nameOf(gpu) };
    const start = { config: runConfig(work.config, madeBy), skipped: work.dataset.skipped };
    const run = await OpfsRun.create(request.run, start, warn);
    return closing(run, options, () => trainInto(run, work, { ...options, gpu, reopenGpu }));
  });
}

type Unfinished = Extract<Awaited<ReturnType<typeof OpfsRun.resume>>, { finished: false }>;

function resumeRun(
  request: TrainingRequest,
  { run, config, snapshot }: Unfinished,
  options: RunTrainingOptions,
): Promise<TrainingSummary> {
  return closing(run, options, async () => {
    const wanted = parseConfig(config);
    return withGpu(options, async (gpu, reopenGpu) => {
      const work = await prepareWork(request, wanted, options);
      for (const { file, reason } of work.dataset.skipped) await run.record({ type: "skipped", file, reason });
      const { epoch, step } = snapshot?.position ?? { epoch: 0, step: 0 };
      options.emit({ type: "resumed", epoch, step });
      await tellEpochs(run, wanted.epochs, options);
      const { data, acceptOtherGpu } = request;
      return trainInto(run, work, { ...options, gpu, reopenGpu, acceptOtherGpu, snapshot, places: { data } });
    });
  });
}

/** The figures of the epochs that were done before. */
async function tellEpochs(run: OpfsRun, epochs: number, { emit }: RunTrainingOptions): Promise<void> {
  const text = new TextDecoder().decode(await run.read(METRIC_LINES));
  for (const line of text.split("\n").filter(Boolean)) emit({ type: "epoch", epochs, ...JSON.parse(line) });
}

async function closing<T>(run: OpfsRun, { onUnkept }: RunTrainingOptions, use: () => Promise<T>): Promise<T> {
  try {
    return await use();
  } finally {
    await run.close();
    onUnkept(run.unkept);
  }
}

/** As far as the browser tells. */
const nameOf = (gpu: Gpu): string => deviceName(describeDevice(gpu));

/** The kernels that the command has: a run that goes on in the other place on the same GPU has the same bits. */
const open = (): Promise<Gpu> => openGpu({ variants: allVariants });

/** After its loss a device may take the browser a while. */
const REOPEN = { attempts: 6, pauseMs: 500 };

async function reopen(): Promise<Gpu> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await open();
    } catch (error) {
      if (attempt === REOPEN.attempts) throw error;
      await new Promise((resolve) => setTimeout(resolve, REOPEN.pauseMs));
    }
  }
}

/**
 * Opens the GPU for as long as `use` runs, before anything is loaded, so that nothing is loaded where there is none; `reopenGpu` opens it
 * once more, after it was lost.
 */
async function withGpu<T>(
  { emit }: RunTrainingOptions,
  use: (gpu: Gpu, reopenGpu: () => Promise<Gpu>) => Promise<T>,
): Promise<T> {
  const opened = [await open()];
  const [gpu] = opened as [Gpu];
  emit({ type: "adapter", name: nameOf(gpu) || "unnamed adapter", software: gpu.capabilities.software });
  const reopenGpu = async (): Promise<Gpu> => {
    emit({ type: "device-lost", message: "the device was lost; it is opened again" });
    const again = await reopen();
    opened.push(again);
    return again;
  };
  try {
    return await use(gpu, reopenGpu);
  } finally {
    for (const each of opened) each.dispose();
  }
}
