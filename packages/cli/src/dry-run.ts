/** What a training would do, without training. */
import type { Gpu } from "@tlx/kernels";
import {
  type Dataset,
  describeDevice,
  featureKey,
  forecastMemory,
  formatMegabytes,
  type Model,
  type TrainingPlan,
} from "@tlx/transfer";
import { decodeAll, diskFeatures } from "@tlx/transfer/node";
import type { Context } from "./context.js";
import { settingsOf, type TrainConfig } from "./train-config.js";

export interface DryRunInput {
  readonly gpu: Gpu;
  readonly model: Model;
  readonly plan: TrainingPlan;
  readonly data: Dataset;
  readonly config: TrainConfig;
  /** Cache folder; false: none is used. */
  readonly cache: string | false | undefined;
}

/** Numbers of a training that was only planned. */
export interface Forecast {
  readonly cached: number;
  /** Pictures whose features would be computed. */
  readonly missing: number;
  readonly unreadable: readonly { readonly file: string; readonly reason: string }[];
  /** Bytes on the GPU, and of the features to be computed. */
  readonly memory: {
    readonly weights: number;
    readonly values: number;
    readonly head: number;
    readonly features: number;
  };
}

/** Reads every picture file to find its features in the cache; writes nothing. */
export async function forecast({ report, signal }: Context, input: DryRunInput): Promise<Forecast> {
  const { gpu, model, plan, data, config, cache } = input;
  const { base, output, featureWidth } = plan;
  const samples = [...data.train, ...data.val];
  const bar = report.progress({ label: "looking for features" });
  const unreadable: { file: string; reason: string }[] = [];
  let cached = 0;
  const { preprocess } = model;
  const key = await featureKey({ base, cut: output, preprocess, device: describeDevice(gpu) });
  const store = cache === false ? undefined : await diskFeatures(cache)(key, featureWidth, (m) => report.warn(m));
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
  const memory = forecastMemory(plan, settingsOf(config).optimizer, gpu.capabilities);
  return { cached, missing, unreadable, memory: { ...memory, features: 4 * missing * featureWidth } };
}

export function reportForecast({ report }: Context, { cached, missing, unreadable, memory }: Forecast): void {
  for (const { reason } of unreadable) report.warn(`would be skipped: ${reason}`);
  report.field("features", `${cached} pictures in the cache, ${missing} to be computed`);
  const { weights, values, head, features } = memory;
  report.field(
    "memory",
    `on the GPU ${formatMegabytes(weights)} of weights, ${formatMegabytes(values)} of intermediate values, ${formatMegabytes(head)} of the head; ${formatMegabytes(features)} of features`,
  );
  report.field("dry run", "nothing was trained and nothing written");
}
