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
  type MemoryForecast,
  type PhaseEvent,
} from "@tlx/transfer";
import { decodeAll, diskFeatures } from "@tlx/transfer/node";
import type { Context } from "./context.js";
import { formatSource } from "./train-report.js";

export interface DryRunInput {
  readonly gpu: Gpu;
  readonly job: Job<JobInput>;
  readonly data: Dataset;
  /** Cache folder; false: none is used. */
  readonly cache: string | false | undefined;
}

/** Numbers of a training that was only planned. */
export interface Forecast {
  /** How pictures reach what learns, phase by phase. */
  readonly sources: readonly SourceForecast[];
  /** Are features of pictures kept in the first phase? */
  readonly kept: boolean;
  readonly cached: number;
  /** Pictures whose features would be computed for the first phase, each view one of its own. */
  readonly missing: number;
  readonly unreadable: readonly { readonly file: string; readonly reason: string }[];
  /** Bytes on the GPU in the phase that takes most, and of the features to be computed for the first. */
  readonly memory: {
    readonly weights: number;
    readonly values: number;
    readonly step: number;
    readonly trained: number;
    readonly features: number;
  };
}

type SourceForecast = Omit<PhaseEvent, "type" | "partSize">;

/** Reads every picture file to find its features, as of the first phase, in the cache; writes nothing. */
export async function forecast({ report, signal }: Context, input: DryRunInput): Promise<Forecast> {
  const { gpu, job, data, cache } = input;
  const { model, settings, phases } = job;
  const { batch, accumulate } = settings;
  const plans = phases.map((phase) => job.planPhase(phase, Math.ceil(batch / accumulate), new Map()));
  const sources = plans.map((plan, index): SourceForecast => {
    const { name, epochs } = phases[index]!;
    const choice = chooseSource(plan, settings, data.train.length);
    return { index, phases: phases.length, name, epochs, ...choice, featureWidth: plan.featureWidth };
  });
  const { prefix, frontier, featureWidth } = plans[0]!;
  const samples = [...data.train, ...data.val];
  const bar = report.progress({ label: "looking for features" });
  const unreadable: { file: string; reason: string }[] = [];
  let cached = 0;
  const { views } = sources[0]!;
  const kept = prefix !== undefined && views > 0;
  const changes = settings.augment !== "none";
  const open = async (): Promise<FeatureStore | undefined> => {
    if (cache === false || !kept || changes) return undefined;
    const key = await featureKey(
      featureSourceOf(gpu, prefix, frontier, model.preprocess, { choices: job.input.choices }),
    );
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
  const again = kept && changes ? (views - 1) * data.train.length : 0;
  const missing = samples.length - cached - unreadable.length + again;
  const costs = plans.map((plan) => forecastMemory(plan, settings, gpu.capabilities));
  const sum = ({ weights, values, step, trained }: MemoryForecast): number => weights + values + step + trained;
  const most = costs.reduce((a, b) => (sum(b) > sum(a) ? b : a));
  return {
    ...{ sources, kept, cached, missing, unreadable },
    memory: { ...most, features: kept ? 4 * missing * featureWidth : 0 },
  };
}

export function reportForecast({ report }: Context, forecasted: Forecast): void {
  const { sources, kept, cached, missing, unreadable, memory } = forecasted;
  for (const source of sources) report.field("source", formatSource(source));
  for (const { reason } of unreadable) report.warn(`would be skipped: ${reason}`);
  const found = `${cached} pictures in the cache, ${missing} to be computed`;
  if (kept) report.field("features", sources.length > 1 ? `of the first phase: ${found}` : found);
  const { weights, values, step, trained, features } = memory;
  report.field(
    "memory",
    `on the GPU ${formatMegabytes(weights)} of weights, ${formatMegabytes(values + step)} of intermediate values, ${formatMegabytes(trained)} of what learns with its moments; ${formatMegabytes(features)} of features`,
  );
  report.field("dry run", "nothing was trained and nothing written");
}
