/** Samples and their statistics by Benchmark.js. It compiles text to functions, which a page with a strict policy forbids. */
import Benchmark from "benchmark";
import { type Samples, type Stopwatch, type TimedCall, TURN_MS } from "../suite/stopwatch.js";

const ONE_CALL = 1e-9;

const samplesOf = ({ sample, mean, rme }: Benchmark.Stats): Samples => ({
  ms: sample.map((seconds) => 1000 * seconds),
  meanMs: 1000 * mean,
  marginPercent: rme,
});

/** Each call is one sample. */
function sample(call: TimedCall, before: readonly number[]): Promise<Samples> {
  return new Promise((resolve, reject) => {
    const elsewhere: number[] = [];
    let failure: { readonly error: unknown } | undefined;
    const options: Benchmark.Options & { readonly stats: { readonly sample: number[] } } = {
      defer: true,
      delay: 0,
      minTime: ONE_CALL,
      minSamples: before.length + 1,
      maxTime: TURN_MS / 1000,
      stats: { sample: before.map((ms) => ms / 1000) },
      fn(deferred: Benchmark.Deferred) {
        const called = failure ? Promise.resolve(undefined) : call.run();
        const note = (error: unknown): void => {
          failure ??= { error };
        };
        called.catch(note).then((ms) => {
          if (typeof ms === "number") elsewhere.push(ms);
          deferred.resolve();
        });
      },
      onComplete(event: Benchmark.Event) {
        if (failure) return reject(failure.error);
        const { stats } = event.target as unknown as Benchmark;
        resolve(elsewhere.length > 0 ? { ms: [...before, ...elsewhere] } : samplesOf(stats));
      },
    };
    new Benchmark(call.name, options).run({ async: true });
  });
}

/** Node's clock is as fine as the processor's. */
export const benchmarkStopwatch: Stopwatch = {
  leastMs: 0,
  sample,
  sampleNow({ name, run }, seconds) {
    const { stats, error } = new Benchmark(name, () => run(), { maxTime: seconds }).run();
    if (error) throw error; // it keeps what a call throws to itself
    return samplesOf(stats);
  },
};
