/** What a picture costs on this device: decoding, and a pass through a network. */
import type { Gpu } from "@tlx/kernels";
import { type Network, Program } from "@tlx/nn";
import type { Sample } from "../data/dataset.js";
import { inferenceForm } from "../picture-program.js";
import type { PictureSource } from "../train/extract-features.js";
import type { Speed } from "./forecast-time.js";

const RUNS = 3;
/** A pass beyond this is timed once. */
const LONG_MS = 500;
const PICTURES = 8;

/** The fastest of a few passes after one that warms up, of `batch` pictures. */
export async function measurePass(gpu: Gpu, network: Network, batch: number): Promise<Omit<Speed, "decodeMs">> {
  const start = performance.now();
  const { graph, weights } = inferenceForm(network, batch);
  const program = await Program.compile(gpu, graph, weights, { label: "speed" });
  try {
    await gpu.idle();
    const compileMs = performance.now() - start;
    let best = Number.POSITIVE_INFINITY;
    for (let run = 0; run <= RUNS; run++) {
      const begun = performance.now();
      program.run();
      await gpu.idle();
      const took = performance.now() - begun;
      if (run > 0) best = Math.min(best, took);
      if (run > 0 && took > LONG_MS) break;
    }
    return { forwardMs: best / batch, compileMs };
  } finally {
    program.dispose();
  }
}

/** Milliseconds to decode one of `samples`, the mean over some of them. */
export async function measureDecoding(pictures: PictureSource, samples: readonly Sample[]): Promise<number> {
  const step = Math.max(1, Math.floor(samples.length / PICTURES));
  const some = samples.filter((_, i) => i % step === 0).slice(0, PICTURES);
  const start = performance.now();
  let read = 0;
  for await (const found of pictures(some, { skip: () => false })) if ("picture" in found) read++;
  return (performance.now() - start) / Math.max(1, read);
}
