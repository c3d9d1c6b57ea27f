/** What a training would do, without training. */
import type { Gpu } from "@tlx/kernels";
import {
  chooseSource,
  type Dataset,
  type FeatureStore,
  featureKey,
  featureSourceOf,
  forecastMemory,
  formatMegabytes,
  type Job,
  type JobInput,
} from "@tlx/transfer";
import { decodeAll, diskFeatures } from "@tlx/transfer/node";
import type { Context } from "./context.js";

export interface DryRunInput {
  readonly gpu: Gpu;
  readonly job: Job<JobInput>;
  readonly data: Dataset;
  /** Cache folder; false: none is used. */
  readonly cache: string | false | undefined;
}

/** Numbers of a training that was only planned. */
export interface Forecast {
  /** Are features of pictures kept at all? */
  readonly kept: boolean;
  readonly cached: number;
  /** Pictures whose features would be computed. */
  readonly missing: number;
  readonly unreadable: readonly { readonly file: string; readonly reason: string }[];
  /** Bytes on the GPU, and of the features to be computed. */
  readonly memory: {
    readonly weights: number;
    readonly values: number;
    readonly step: number;
    readonly trained: number;
    readonly features: number;
  };
}

/** Reads every picture file to find its features, as of the first phase, in the cache; writes nothing. */
export async function forecast({ report, signal }: Context, input: DryRunInput): Promise<Forecast> {
  const { gpu, job, data, cache } = input;
  const { model, settings, phases } = job;
  const { prefix, frontier, featureWidth, ...plan } = job.planPhase(phases[0]!, settings.batch, new Map());
  const samples = [...data.train, ...data.val];
  const bar = report.progress({ label: "looking for features" });
  const unreadable: { file: string; reason: string }[] = [];
  let cached = 0;
  const kept = prefix && chooseSource({ prefix, featureWidth }, settings, data.train.length).views > 0;
  const open = async (): Promise<FeatureStore | undefined> => {
    if (cache === false || !kept || settings.augment !== "none") return undefined;
    const key = await featureKey(featureSourceOf(gpu, prefix, frontier, model.preprocess));
    return diskFeatures(cache)(key, featureWidth, (m) => report.warn(m));
  };
  const store = await open();
  try {
    let done = 0;
    for await (const found of decodeAll(samples, { signal, skip: () => true })) {
      if ("error" in found) unreadable.push({ file: found.item.file, reason: found.error.message });
      else if (store?.has(found.hash)) cached++;
      bar.update(++done, samples.length);
    }
  } finally {
    bar.end();
    await store?.close();
  }
  const missing = samples.length - cached - unreadable.length;
  const memory = forecastMemory({ prefix, frontier, featureWidth, ...plan }, settings, gpu.capabilities);
  const views = Math.max(1, settings.views);
  return {
    ...{ kept: kept === true, cached, missing, unreadable },
    memory: { ...memory, features: kept ? 4 * missing * views * featureWidth : 0 },
  };
}

export function reportForecast({ report }: Context, { kept, cached, missing, unreadable, memory }: Forecast): void {
  for (const { reason } of unreadable) report.warn(`would be skipped: ${reason}`);
  const found = `${cached} pictures in the cache, ${missing} to be computed`;
  report.field("features", kept ? found : "none are kept: pictures go through the whole network in every step");
  const { weights, values, step, trained, features } = memory;
  report.field(
    "memory",
    `on the GPU ${formatMegabytes(weights)} of weights, ${formatMegabytes(values + step)} of intermediate values, ${formatMegabytes(trained)} of what learns with its moments; ${formatMegabytes(features)} of features`,
  );
  report.field("dry run", "nothing was trained and nothing written");
}
