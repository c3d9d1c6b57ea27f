import type { Gpu } from "@tlx/kernels";
import { formatTable } from "@tlx/nn";
import type { TrainSettings } from "@tlx/transfer";
import { environment, median, saveResults } from "./protocol.js";

/** One run of the job. */
export interface JobRun {
  readonly featuresMs: number;
  readonly headMs: number;
  /** On val, of the best epoch. */
  readonly accuracy: number;
}

/** Prints and saves the medians of what each contestant took, and how they compare with tlx. */
export function reportJob(
  gpu: Gpu,
  pictures: string,
  settings: TrainSettings,
  runs: Readonly<Record<string, readonly JobRun[]>>,
): void {
  const contestants = Object.entries(runs).map(([name, list]) => {
    const totals = list.map((r) => r.featuresMs + r.headMs);
    return {
      name,
      featuresMs: median(list.map((r) => r.featuresMs)),
      headMs: median(list.map((r) => r.headMs)),
      totalMs: median(totals),
      fastestMs: Math.min(...totals),
      slowestMs: Math.max(...totals),
      accuracies: list.map((r) => r.accuracy),
    };
  });
  const first = contestants.find((c) => c.name === "tlx")!;
  const seconds = (ms: number): string => (ms / 1000).toFixed(2);
  const rows = contestants.map((c) => [
    c.name,
    seconds(c.featuresMs),
    seconds(c.headMs),
    seconds(c.totalMs),
    seconds(c.fastestMs),
    seconds(c.slowestMs),
    (c.totalMs / first.totalMs).toFixed(2),
    `${(100 * median(c.accuracies)).toFixed(1)} %`,
  ]);
  console.log(
    `Feature extraction, ${pictures}, MobileNetV2, ${settings.epochs} epochs, ${String(environment(gpu).adapter)}; seconds, median of ${runs.tlx?.length} rounds`,
  );
  console.log(formatTable(["job", "features", "head", "total", "fastest", "slowest", "of tlx", "accuracy"], rows));
  const of = (name: string): number => contestants.find((c) => c.name === name)!.totalMs;
  const peerRatio = of("tfjs-webgpu") / first.totalMs;
  const cacheRatio = first.totalMs / of("tlx again");
  console.log(
    `\ntfjs-webgpu takes ${peerRatio.toFixed(2)} times as long as tlx, tlx ${cacheRatio.toFixed(1)} times as long as tlx again`,
  );
  console.log(`saved ${saveResults("job", gpu, { pictures, settings, contestants, peerRatio, cacheRatio })}`);
}
