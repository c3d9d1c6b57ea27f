/** How like the teacher a student is, on pictures that it does not learn from. */
import type { Program } from "@tlx/nn";
import { cut, type Feed } from "../train/feed.js";
import type { Targets } from "./targets.js";

export interface Likeness {
  /**
   * Share of the variance of the teacher's features over the pictures that the student's explain:
   * 1 - sum (student - teacher)^2 / sum (teacher - its mean)^2, the mean of each feature by itself.
   */
  readonly explained: number;
  /** Share of the pictures for which both have the same class first; undefined without a classifier. */
  readonly agreement: number | undefined;
}

function argmax(row: Float32Array): number {
  let best = 0;
  for (let i = 1; i < row.length; i++) if (row[i]! > row[best]!) best = i;
  return best;
}

/** Runs `program`, the student in inference form for `batch` pictures, over all pictures of `feed`. */
export async function measureLikeness(
  program: Program,
  feed: Feed,
  targets: Targets,
  batch: number,
): Promise<Likeness> {
  const { hashes } = feed.table;
  const wanted = await targets.read(hashes, 0);
  const teacher = wanted.get("features")!;
  const width = teacher.length / hashes.length;
  const means = new Float64Array(width);
  for (let i = 0; i < teacher.length; i++) means[i % width]! += teacher[i]! / hashes.length;
  let missed = 0;
  let varied = 0;
  let agreed = 0;
  const parts = cut([...hashes.keys()], batch).map((samples) => ({ samples }));
  for await (const { part, load } of feed.batches(parts, 0)) {
    await load(program);
    program.run();
    const first = part.samples[0] as number;
    const features = (await program.read("features")).data as Float32Array;
    for (let i = 0; i < part.samples.length * width; i++) {
      const expected = teacher[first * width + i]!;
      missed += (features[i]! - expected) ** 2;
      varied += (expected - means[i % width]!) ** 2;
    }
    const logits = wanted.get("logits");
    if (!logits) continue;
    const classes = logits.length / hashes.length;
    const found = (await program.read("logits")).data as Float32Array;
    part.samples.forEach((sample, i) => {
      const top = argmax(logits.subarray(sample * classes, (sample + 1) * classes));
      if (argmax(found.subarray(i * classes, (i + 1) * classes)) === top) agreed++;
    });
  }
  return { explained: 1 - missed / varied, agreement: wanted.has("logits") ? agreed / hashes.length : undefined };
}
