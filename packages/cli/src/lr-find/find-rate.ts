/** Finds the learning rate of a training, and says how that goes. */
import type { Gpu } from "@tlx/kernels";
import { type FeaturesEvent, findLearningRate, type RateEvent, type RateFinding, type RateSearch } from "@tlx/transfer";
import { decodeAll, diskFeatures } from "@tlx/transfer/node";
import type { Context } from "../context.js";
import type { Progress } from "../progress.js";
import { type CacheOptions, inputOf, type TrainJob } from "../train-job.js";
import { TrainReporter } from "../train-report.js";

/** Bars and warnings; figures come at the end. */
class RateReporter {
  private readonly context: Context;
  private readonly pictures: TrainReporter;
  private bar: Progress | undefined;
  private label = "";
  /** Every trial reads the pictures again: they are shown once. */
  private quiet = false;

  constructor(context: Context) {
    this.context = context;
    this.pictures = new TrainReporter(context.report, 1);
  }

  show(event: RateEvent): void {
    if (event.type === "range") this.advance("range test, steps", event.step, event.steps);
    else if (event.type === "trial") this.advance("trials", event.done, event.total);
    else if (event.type === "features") this.showFeatures(event);
    else this.pictures.show(event);
  }

  private showFeatures(event: FeaturesEvent): void {
    if (!this.quiet && event.split === "train") this.pictures.show(event);
  }

  private advance(label: string, done: number, total: number): void {
    this.quiet = true;
    if (label !== this.label) this.end();
    this.label = label;
    this.bar ??= this.context.report.progress({ label });
    this.bar.update(done, total);
  }

  end(): void {
    this.pictures.end();
    this.bar?.end();
    this.bar = undefined;
  }
}

export async function findRate(
  context: Context,
  gpu: Gpu,
  job: TrainJob,
  { cache, ...search }: RateSearch & Pick<CacheOptions, "cache">,
): Promise<RateFinding> {
  const { signal } = context;
  const reporter = new RateReporter(context);
  const finding = findLearningRate(
    {
      ...{ ...inputOf(job), gpu, signal, pictures: (samples, { skip }) => decodeAll(samples, { signal, skip }) },
      openFeatures: cache === false ? undefined : diskFeatures(cache),
    },
    search,
  );
  try {
    for (;;) {
      const { done, value } = await finding.next();
      if (done) return value;
      reporter.show(value);
    }
  } finally {
    reporter.end();
    await finding.return(undefined as never);
  }
}
