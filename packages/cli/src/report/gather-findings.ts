import type { Gpu, KernelChoices } from "@tlx/kernels";
import { withBatch } from "@tlx/nn";
import { type BlockGradient, confusionMatrix, type LoadedRun, type Model, type Sample } from "@tlx/transfer";
import { scanDataset } from "@tlx/transfer/node";
import type { Context } from "../context.js";
import { mostUncertain, type SuspectPicture, suspectPictures, worstMistakes } from "./choose-pictures.js";
import { findPictures, type RunPictures } from "./find-pictures.js";
import type { DuplicatePictures, Findings, Shown } from "./findings.js";
import { isFrozenButHead, judgeTrain } from "./judge-train.js";
import { type Judged, measureGradients, measureRun, type RunMeasure, spread } from "./measure-run.js";
import { type RunRecord, readRunRecord } from "./run-record.js";
import { PictureShower } from "./show-pictures.js";

export interface GatherOptions {
  readonly run: LoadedRun;
  readonly model: Model;
  readonly choices?: KernelChoices;
  /** Folder of the pictures. Default: where the run found them. */
  readonly data?: string;
  /** Leaves out what reads the pictures that it learned from. */
  readonly quick: boolean;
}

/** Pictures of each kind that a report shows. */
const MOST = 8;
/** Groups of copies that are shown, and pictures of each. */
const GROUPS = 6;
const OF_GROUP = 4;

/** Reads a run and its pictures, and measures what the run did not write down. */
export async function gatherFindings(
  context: Context,
  gpu: Gpu,
  folder: string,
  { run, model, choices, data, quick }: GatherOptions,
): Promise<Findings> {
  const record = await readRunRecord(folder, run.description);
  const pictures = await findPictures(record, data);
  const measure =
    pictures && pictures.val.length > 0 ? await measureVal(context, gpu, run, pictures, choices) : undefined;
  const judged = measure?.judged ?? [];
  const base = {
    ...{ record, model, judged, quick },
    graph: withBatch(run.network.graph, 1),
    root: pictures?.root,
    trainCount: pictures?.train.length,
    matrix: matrixOf(record, judged),
    calibration: measure?.calibration,
    missing: [
      ...(pictures?.gone ?? record.named).map((p) => p.file),
      ...(measure?.unreadable ?? pictures?.val ?? []).map((p) => p.file),
    ],
  };
  if (!pictures || !measure) {
    return {
      ...base,
      ...{ mistakes: [], uncertain: [], module: undefined, suspects: undefined, duplicates: undefined, gradients: [] },
    };
  }
  const learned = pictures.train.length > 0 ? pictures.train : pictures.val;
  const gradients = await measureBlocks(context, gpu, run, model, spread(learned, quick ? 8 : 16));
  const judgedTrain = quick ? undefined : await judgeLearned(context, gpu, { run, model, record, pictures });
  const shower = await PictureShower.create(gpu, run);
  try {
    const show = async <T extends Judged>(of: T): Promise<Shown<T>> => ({
      of,
      picture: await shower.show(of.file, of.predicted),
    });
    const suspects = { val: suspectPictures(judged, MOST), train: judgedTrain && suspectPictures(judgedTrain, MOST) };
    const shownSuspects: readonly SuspectPicture[] = [...(suspects.train?.pictures ?? []), ...suspects.val.pictures];
    return {
      ...base,
      mistakes: await Promise.all(worstMistakes(judged, MOST).map(show)),
      uncertain: await Promise.all(mostUncertain(judged, MOST).map(show)),
      module: shower.module,
      suspects: {
        ...suspects,
        shown: await Promise.all(
          shownSuspects.slice(0, MOST).map(async (of) => ({ of, picture: await shower.show(of.file) })),
        ),
      },
      duplicates: quick ? undefined : await scanPictures(context, pictures, shower),
      gradients,
    };
  } finally {
    shower.dispose();
  }
}

async function measureVal(
  { report, signal }: Context,
  gpu: Gpu,
  run: LoadedRun,
  { val }: RunPictures,
  choices: KernelChoices | undefined,
): Promise<RunMeasure | undefined> {
  const bar = report.progress({ label: "report: pictures measured on" });
  const progress = (done: number): void => bar.update(done, val.length);
  try {
    return await measureRun(gpu, run, val, { signal, progress, ...(choices && { choices }) });
  } catch (error) {
    signal.throwIfAborted();
    if ((error as { code?: string }).code !== "E_DATA") throw error;
    return undefined;
  } finally {
    bar.end();
  }
}

/** What the pictures say now; without them what the run wrote down. */
function matrixOf({ named, description }: RunRecord, judged: readonly Judged[]): Findings["matrix"] {
  const from = judged.length > 0 ? judged : named;
  return confusionMatrix(
    from.map((p) => p.label),
    from.map((p) => p.predicted),
    description.classes.length,
  );
}

async function measureBlocks(
  { report, signal }: Context,
  gpu: Gpu,
  run: LoadedRun,
  model: Model,
  samples: readonly Sample[],
): Promise<readonly BlockGradient[]> {
  try {
    return await measureGradients(gpu, run, model, samples, signal);
  } catch (error) {
    signal.throwIfAborted();
    report.warn(`report: no gradients by layer: ${(error as Error).message}`);
    return [];
  }
}

interface Learned {
  readonly run: LoadedRun;
  readonly model: Model;
  readonly record: RunRecord;
  readonly pictures: RunPictures;
}

async function judgeLearned(
  { report, signal }: Context,
  gpu: Gpu,
  { run, model, record, pictures: { train } }: Learned,
): Promise<Judged[] | undefined> {
  if (!record.certificate || !isFrozenButHead(record.certificate, model)) return undefined;
  const bar = report.progress({ label: "report: pictures learned from" });
  const progress = (done: number): void => bar.update(done, train.length);
  return judgeTrain(gpu, run, model, train, { signal, progress }).finally(() => bar.end());
}

async function scanPictures(
  { report, signal }: Context,
  { data }: RunPictures,
  shower: PictureShower,
): Promise<DuplicatePictures> {
  const bar = report.progress({ label: "report: copies" });
  const scan = await scanDataset(data, {
    signal,
    progress: ({ stage, done, total }) => stage === "reading" && bar.update(done, total),
  }).finally(() => bar.end());
  const groups = scan.duplicates.slice(0, GROUPS);
  const shown = groups.map(({ pictures }) =>
    Promise.all(pictures.slice(0, OF_GROUP).map(({ file }) => shower.show(file))),
  );
  return { scan, shown: await Promise.all(shown) };
}
