/** Warnings by made-up courses of training: each where it is due, once, and none where all is well. */
import {
  CopyWatch,
  completeSettings,
  type EpochEvent,
  findLeakage,
  type Hashed,
  type Picture,
  type PlanEvent,
  type Sample,
  type TrainingWarning,
  TrainingWatch,
  type WatchedTraining,
} from "@tlx/transfer";
import { describe, expect, it } from "vitest";

const classes = (...counts: number[]): WatchedTraining["classes"] =>
  counts.map((train, i) => ({ name: `class ${i}`, train }));

const watching = (more: Partial<WatchedTraining> = {}): TrainingWatch =>
  new TrainingWatch({
    ...{ classes: classes(200, 200, 200, 200), valPictures: 1000, settings: completeSettings(), pretrained: true },
    ...more,
  });

/** `blocks` by their numbers: [all, learning]. */
const plan = (...blocks: [elements: number, trained: number][]): PlanEvent => {
  const trainedElements = blocks.reduce((sum, [, trained]) => sum + trained, 0);
  const all = blocks.reduce((sum, [elements]) => sum + elements, 0);
  return {
    ...{ type: "plan", trained: [], trainedElements, frozen: 1, frozenElements: all - trainedElements },
    ...{ featureWidth: 4, phases: [] },
    blocks: blocks.map(([elements, trained], i) => ({
      ...{ block: `b${i}`, params: 1, elements, trainedElements: trained, mask: "1", rate: "1", batchNorm: "" },
    })),
  };
};
const headOnly = plan([2_000_000, 0], [4000, 4000]);
const everything = plan([2_000_000, 2_000_000], [4000, 4000]);

type Course = readonly [loss: number, trainAccuracy: number, valLoss: number, valAccuracy: number];

/** Sees a whole training; hands back what came with which event. */
function run(watch: TrainingWatch, course: readonly Course[], start: PlanEvent = headOnly): TrainingWarning[] {
  const told = [...watch.see(start)];
  let top = -1;
  for (const [i, [loss, trainAccuracy, valLoss, valAccuracy]] of course.entries()) {
    const best = valAccuracy > top;
    top = Math.max(top, valAccuracy);
    const event: EpochEvent = {
      ...{ type: "epoch", epoch: i + 1, epochs: course.length, learningRate: 1e-3, ms: 1 },
      ...{ loss, trainAccuracy, valLoss, valAccuracy, best },
    };
    told.push(...watch.see(event));
  }
  told.push(...watch.see({ type: "done", epochs: course.length, bestEpoch: 1, valAccuracy: top, valLoss: 1 }));
  return told;
}

const courseOf = (epochs: number, at: (share: number, epoch: number) => Course): Course[] =>
  Array.from({ length: epochs }, (_, i) => at(i / (epochs - 1), i));

/** Learns well, with some noise on val. */
const good = courseOf(20, (t, i) => [
  ...([1.3 - 1.1 * t, 0.5 + 0.45 * t] as const),
  ...([1.3 - 0.9 * t + 0.03 * (i % 3), 0.5 + 0.4 * t - 0.01 * (i % 2)] as const),
]);
const kinds = (warnings: readonly TrainingWarning[]): string[] => warnings.map((w) => w.kind);

describe("training watch", () => {
  it("says nothing about a training that goes well", () => {
    expect(run(watching(), good)).toEqual([]);
    expect(run(watching(), good, everything)).toEqual([]);
  });

  it("names the epoch and the figures of overfitting, once", () => {
    const course = courseOf(24, (t, i) => [
      1.3 * (1 - t) ** 2,
      0.85 + 0.15 * t,
      i < 8 ? 1.2 - 0.06 * i : 0.4 + 0.04 * i,
      0.85,
    ]);
    const told = run(watching(), course);
    expect(kinds(told)).toEqual(["overfitting"]);
    expect(told[0]).toMatchObject({ epoch: 14, message: expect.stringContaining("since epoch 9") });
    expect(told[0]!.message).toContain("the loss on val rose from 0.720 to 0.920 while that on train fell from");
    expect(told[0]!.advice).toContain("--patience");
  });

  it("tells overfitting where train was far ahead from the start", () => {
    const course = courseOf(16, (t, i) => [
      0.7 * (1 - t) ** 2,
      0.9 + 0.1 * t,
      i < 3 ? 1.2 : 1.2 + 0.2 * (i - 2),
      0.6 + 0.05 * t,
    ]);
    expect(kinds(run(watching(), course))).toEqual(["overfitting"]);
  });

  it("does not take a rising loss on val for overfitting where that on train rises too, or for one epoch", () => {
    const jumpy = good.map(
      ([loss, train, valLoss, val], i): Course => [loss, train, i % 6 === 5 ? 2 * valLoss : valLoss, val],
    );
    expect(run(watching(), jumpy)).toEqual([]);
    const worse = courseOf(14, (t, i) => [
      i < 5 ? 1 - 0.1 * i : 0.6 + 0.01 * i,
      0.9,
      i < 5 ? 1 - 0.1 * i : 0.7 + 0.1 * t,
      0.85,
    ]);
    expect(kinds(run(watching(), worse))).not.toContain("overfitting");
  });

  it("tells a learning rate that is too high by its loss", () => {
    const rising = courseOf(6, (_, i) => [0.5 + 0.4 * i, 0.9, 1, 0.85]);
    const [warning] = run(watching(), rising);
    expect(warning).toMatchObject({ kind: "learning-rate", epoch: 3, advice: expect.stringContaining("--lr 0.0001") });
    const blind = courseOf(4, () => [3.5, 0.9, 1, 0.85]);
    expect(kinds(run(watching(), blind))).toEqual(["learning-rate"]);
  });

  it("tells underfitting at the end, and whether more epochs may help", () => {
    const stuck = courseOf(12, () => [1.1, 0.55, 1.1, 0.54]);
    const [head] = run(watching(), stuck);
    expect(head).toMatchObject({ kind: "underfitting", message: expect.stringContaining("only the head learned") });
    expect(head!.advice).toContain("--unfreeze last:2");
    expect(head!.advice).not.toContain("more epochs");
    const slow = courseOf(12, (t) => [1.4 - 0.6 * t, 0.4 + 0.2 * t, 1.4 - 0.6 * t, 0.4 + 0.2 * t]);
    const [all] = run(watching(), slow, everything);
    expect(all!.advice).toContain("more epochs");
    expect(all!.message).not.toContain("only the head");
    // Of two classes 60 % is little, of a hundred it is much.
    const many = watching({ classes: classes(...new Array<number>(100).fill(200)) });
    expect(
      run(
        many,
        courseOf(12, () => [1.1, 0.66, 1.1, 0.6]),
      ),
    ).toEqual([]);
  });

  it("weighs an interval against what is claimed: few pictures, not many", () => {
    const [warning] = run(watching({ valPictures: 60 }), good);
    expect(warning).toMatchObject({ kind: "small-validation", message: expect.stringContaining("60 pictures") });
    expect(warning!.message).toMatch(/77\.8 % to 94\.2 % \(95 % interval\); the best epoch is ahead .* by 8\.4 points/);
    expect(run(watching({ valPictures: 400 }), good)).toEqual([]);
  });

  it("counts the pictures to measure on that can be read", () => {
    const watch = watching({ valPictures: 61 });
    const looked = { type: "features", kept: true, done: 1, cached: 0, total: 1 } as const;
    for (const split of ["train", "val"] as const) {
      watch.see({ type: "skipped", file: `${split}.jpg`, reason: "empty" });
      watch.see({ ...looked, split });
      watch.see({ ...looked, split });
    }
    expect(run(watch, good)[0]?.message).toMatch(/^60 pictures to measure on are few/);
  });

  it("tells unequal classes before the first epoch, unless they are weighted", () => {
    const unequal = classes(60, 6, 60);
    const [warning] = watching({ classes: unequal }).see(headOnly);
    expect(warning).toMatchObject({ kind: "imbalance", advice: expect.stringContaining("--class-weights auto") });
    expect(warning!.message).toContain('60 pictures of "class 2", 6 of "class 1"');
    expect(watching({ classes: unequal, settings: completeSettings({ classWeights: "auto" }) }).see(headOnly)).toEqual(
      [],
    );
    expect(watching({ classes: classes(60, 40, 30) }).see(headOnly)).toEqual([]);
  });

  it("tells a plan that few pictures do not carry", () => {
    const few = classes(20, 20);
    const [warning] = watching({ classes: few }).see(everything);
    expect(warning).toMatchObject({ kind: "plan", advice: expect.stringContaining("--unfreeze head") });
    expect(warning!.message).toContain("2,004,000 numbers learn from 40 pictures (20 of a class)");
    const [scratch] = watching({ classes: few, pretrained: false }).see(everything);
    expect(scratch!.advice).toContain("pretrained weights");
    expect(watching({ classes: few }).see(headOnly)).toEqual([]);
    expect(watching({ classes: few }).see(plan([20_000, 20_000]))).toEqual([]);
  });

  it("goes on with what a run was warned of and how it went", () => {
    const course = courseOf(24, (t, i) => [
      1.3 * (1 - t) ** 2,
      0.85 + 0.15 * t,
      i < 8 ? 1.2 - 0.06 * i : 0.4 + 0.04 * i,
      0.85,
    ]);
    const first = watching();
    const told = run(first, course.slice(0, 20));
    expect(kinds(told)).toEqual(["overfitting"]);
    const epochs = course.slice(0, 20).map(
      ([loss, trainAccuracy, valLoss, valAccuracy], i): EpochEvent => ({
        ...{ type: "epoch", epoch: i + 1, epochs: 24, learningRate: 1e-3, ms: 1, best: i === 0 },
        ...{ loss, trainAccuracy, valLoss, valAccuracy },
      }),
    );
    const event = { ...epochs[13]!, epoch: 14 };
    expect(watching({ epochs, warnings: told }).see(event)).toEqual([]);
    expect(kinds(watching({ epochs: epochs.slice(0, 13) }).see(event))).toEqual(["overfitting"]);
  });
});

describe("copies among the pictures of a training", () => {
  const samples = (split: string, labels: readonly number[]): Sample[] =>
    labels.map((label, i) => ({ file: `/data/${split}/${i}.png`, label }));
  const [train, val] = [samples("train", [0, 1, 0]), samples("val", [0, 1])];
  /** Stripes and spots that are equal for equal seeds. */
  const picture = (seed: number): Picture => {
    const [width, height] = [96, 64];
    const data = Uint8Array.from({ length: 4 * width * height }, (_, i) => {
      const [x, y] = [(i >> 2) % width, Math.floor((i >> 2) / width)];
      return 128 + 90 * Math.sin(seed * 0.7 + (x * (1 + (seed % 5))) / 9 + Math.cos((y * (2 + seed)) / 13) * 2);
    });
    return { width, height, data };
  };
  /** The same picture has the same seed; equal files have the same hash. */
  const contents: Readonly<Record<string, readonly [hash: string, seed: number]>> = {
    ...{ "/data/train/0.png": ["a", 1], "/data/train/1.png": ["b", 2], "/data/train/2.png": ["c", 3] },
    ...{ "/data/val/0.png": ["a", 1], "/data/val/1.png": ["d", 3] },
  };
  const passed: string[] = [];
  const source = (cached: boolean) =>
    async function* (
      items: readonly Sample[],
    ): AsyncGenerator<Hashed<Sample> | { item: Sample; hash: string; cached: true }> {
      for (const item of items) {
        const [hash, seed] = contents[item.file]!;
        yield cached ? { item, hash, cached: true } : { item, hash, picture: picture(seed) };
      }
    };
  const look = async (cached: boolean): Promise<TrainingWarning[]> => {
    const watch = new CopyWatch({ train, val });
    for (const split of [train, val, train]) {
      for await (const { item } of watch.watch(source(cached))(split, { skip: () => cached })) passed.push(item.file);
    }
    return findLeakage(await watch.find(), val.length, (file) => file.replace("/data/", ""));
  };

  it("finds equal and changed ones across the splits, and labels that contradict", async () => {
    const [leak, labels] = await look(false);
    expect(passed).toEqual([...train, ...val, ...train].map((s) => s.file));
    expect(leak).toMatchObject({ kind: "leakage", message: expect.stringMatching(/^2 of 2 pictures .* are copies/) });
    expect(leak!.message).toContain("train/2.png and val/1.png");
    expect(leak!.message).toContain("up to 100.0 points");
    expect(labels).toMatchObject({
      kind: "contradicting-labels",
      message: expect.stringContaining("train/2.png and val/1.png"),
    });
  });

  it("finds equal files where features are known and nothing is decoded", async () => {
    const warnings = await look(true);
    expect(warnings.map((w) => w.kind)).toEqual(["leakage"]);
    expect(warnings[0]!.message).toMatch(
      /^1 of 2 pictures to measure on is a copy of one to learn from: train\/0\.png and val\/0\.png/,
    );
  });
});
