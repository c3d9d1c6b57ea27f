/** Advice for a folder of pictures: scan, measurements of every network, and the command to run. */
import type { Gpu } from "@tlx/kernels";
import {
  type Advice,
  advise,
  type DataScan,
  type Dataset,
  MemoryFeatureStore,
  NO_WEIGHTS,
  SCRATCH,
  settingsOf,
  type TrainConfig,
} from "@tlx/transfer";
import { decodeAll, diskFeatures, imageFolder, scanDataset } from "@tlx/transfer/node";
import type { Context } from "../context.js";
import type { Progress } from "../progress.js";
import { formatTrainCommand } from "../train-command.js";
import { resolveConfig } from "../train-config.js";
import { reportData } from "../train-report.js";
import type { CandidateOptions, NamedCandidate } from "./find-candidates.js";

export interface AdviceInput {
  readonly gpu: Gpu;
  readonly dir: string;
  /** Flags that decide the training besides. */
  readonly given: Partial<TrainConfig>;
  readonly candidates: readonly NamedCandidate[];
  readonly options: Pick<CandidateOptions, "cache">;
  /** Minutes that may go into trials. Default 0. */
  readonly trialMinutes?: number;
}

export interface GivenAdvice {
  readonly data: Dataset;
  readonly scan: DataScan;
  readonly advice: Advice;
  /** Entries of the configuration that were chosen. */
  readonly chosen: Partial<TrainConfig>;
  readonly command: string;
}

export async function giveAdvice(context: Context, input: AdviceInput): Promise<GivenAdvice> {
  const { report, signal } = context;
  const { gpu, dir, given, candidates, options, trialMinutes = 0 } = input;
  const config = await resolveConfig(given);
  const data = await imageFolder(dir, { split: config.split, seed: config.seed });
  reportData(report, data, config);
  const scan = await scanPictures(context, data);
  const { cache } = options;
  const events = advise({
    ...{
      gpu,
      candidates,
      signal,
      settings: settingsOf(config),
      pictures: (samples, { skip }) => decodeAll(samples, { signal, skip }),
    },
    ...{
      classes: data.classes,
      train: data.train,
      val: data.val,
      ownVal: data.origin === "folders",
      trialSeconds: 60 * trialMinutes,
    },
    openFeatures: cache === false ? async (_key, width) => new MemoryFeatureStore(width) : diskFeatures(cache),
  });
  let bar: Progress | undefined;
  const told = new Set<string>();
  try {
    for (;;) {
      const { done, value } = await events.next();
      if (done) {
        const chosen = choicesOf(value, candidates);
        return { data, scan, advice: value, chosen, command: formatTrainCommand({ ...given, ...chosen, data: dir }) };
      }
      if (value.type === "features") {
        bar ??= report.progress({ label: `features of ${value.note}` });
        bar.update(value.done, value.total);
      } else if (value.type === "measuring") {
        bar?.end();
        bar = undefined;
        report.field("measuring", value.what);
      } else if (value.type === "warning" || value.type === "skipped") {
        const message = value.type === "warning" ? value.message : `skipped: ${value.reason}`;
        if (!told.has(message)) report.warn(message);
        told.add(message);
      }
    }
  } finally {
    bar?.end();
    await events.return(undefined as never);
  }
}

async function scanPictures({ report, signal }: Context, data: Dataset): Promise<DataScan> {
  const bar = report.progress({ label: "looking at pictures" });
  try {
    return await scanDataset(data, { signal, progress: ({ done, total }) => bar.update(done, total) });
  } finally {
    bar.end();
  }
}

/** The chosen way as flags of `tlx train`. */
function choicesOf({ chosen }: Advice, candidates: readonly NamedCandidate[]): Partial<TrainConfig> {
  const { text, weights } = candidates.find(({ model }) => model.name === chosen.model) as NamedCandidate;
  if (chosen.strategy === SCRATCH) return { model: text, weights: NO_WEIGHTS };
  return { model: text, ...(weights !== undefined && { weights }), unfreeze: chosen.strategy };
}
