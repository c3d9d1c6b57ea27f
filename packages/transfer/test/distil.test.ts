/** A student becomes like its teacher, with the same bits every time, whatever came between. */
import { Gpu, sizeOf, TlxError } from "@tlx/kernels";
import type { Weights } from "@tlx/nn";
import {
  buildFeatureGraph,
  type Checkpoint,
  type DistilInput,
  type DistilSettings,
  exportTensors,
  findModel,
  parseSafetensors,
  readSnapshot,
  writeSafetensors,
  writeSnapshot,
} from "@tlx/transfer";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { testGpu } from "../../../test/support/gpu.js";
import {
  blindTeacher,
  colourPictures,
  type Distilled,
  distilToEnd,
  epochsOf,
  fileNames,
  snapshotsOf,
  studentOf,
  teacherCheckpoint,
  tinyDistillation,
} from "./distil-run.js";

let gpu: Gpu;
beforeAll(async () => {
  gpu = new Gpu((await testGpu()).device);
});
afterAll(() => {
  expect(gpu.liveBytes).toBe(0);
  gpu.dispose();
});

const deep = process.env.TLX_DEEP !== undefined;

/** What decides whether two distillations are equal. */
const outcome = ({ result, events }: Distilled): unknown => ({
  result,
  figures: epochsOf(events).map(({ ms: _, ...figures }) => figures),
});

describe("a teachable student", () => {
  let run: Distilled;
  beforeAll(async () => {
    run = await distilToEnd(
      tinyDistillation(
        gpu,
        { epochs: 20, batch: 10, learningRate: 0.05 },
        { student: studentOf(8), files: fileNames(60) },
      ),
    );
  });

  it("comes closer from epoch to epoch, and to what it was not shown", () => {
    const epochs = epochsOf(run.events);
    expect(epochs.map((e) => e.epoch)).toEqual(Array.from({ length: 20 }, (_, i) => i + 1));
    const [first, last] = [epochs[0]!, epochs.at(-1)!];
    const late = epochs.slice(-5).reduce((sum, e) => sum + e.loss! / 5, 0);
    expect(late).toBeLessThan(first.loss! / 4);
    expect(first.explained).toBeLessThan(0.5);
    expect(last.explained).toBeGreaterThan(0.9);
    expect(last.agreement).toBeGreaterThan(0.75);
    expect(run.result.likeness).toEqual({ explained: last.explained, agreement: last.agreement });
  });

  it("learns from nothing that it is measured on", () => {
    const { learnt, heldOut } = run.result;
    expect([learnt.length, heldOut.length]).toEqual([51, 9]);
    expect(new Set([...learnt, ...heldOut]).size).toBe(60);
  });

  it("asks the teacher once about every picture, as pictures stay as they are", () => {
    const asked = run.events.filter((e) => e.type === "features");
    expect(asked.map((e) => e.note)).toEqual([
      ...Array(51).fill("view 1 of 1"),
      ...Array(9).fill("as they are, to measure on"),
    ]);
  });
});

describe("what is kept", () => {
  const own = [
    "stem.conv.weight",
    "stem.norm.weight",
    "stem.norm.bias",
    "stem.norm.running_mean",
    "stem.norm.running_var",
  ];

  it.each([
    [6, true],
    [8, false],
  ])("of a student of %d features is the student alone; an adapter is learnt: %s", async (width, adapts) => {
    const { events, result } = await distilToEnd(tinyDistillation(gpu, {}, { student: studentOf(width) }));
    expect([...result.weights.keys()].sort()).toEqual([...own].sort());
    const snapshots = snapshotsOf(events);
    const before = teacherCheckpoint();
    for (const { tensors } of snapshots) {
      expect(tensors.has("adapter.weight")).toBe(adapts);
      // [in, out] here, [out, in] in a file.
      const { data, spec } = tensors.get("teacher.head.weight")!;
      const [rows, columns] = spec.shape as [number, number];
      const stored = new Float32Array(before.tensors.get("head.weight")!.bytes.slice().buffer);
      const turned = Array.from(stored, (_, i) => stored[(i % columns) * rows + Math.floor(i / columns)]);
      expect(Array.from(data)).toEqual(turned);
    }
    expect(snapshots.length).toBeGreaterThan(0);
    const start = await distilToEnd(
      tinyDistillation(gpu, { learningRate: 1e-30, weightDecay: 0 }, { student: studentOf(width) }),
    );
    expect(result.weights.get("stem.conv.weight")).not.toEqual(start.result.weights.get("stem.conv.weight"));
  });

  it("of a teacher without classifier are features alone", async () => {
    const teacher = { model: blindTeacher, checkpoint: teacherCheckpoint(blindTeacher) };
    const { events, result } = await distilToEnd(tinyDistillation(gpu, { epochs: 1 }, { teacher }));
    expect(result.likeness).toEqual({ explained: expect.any(Number), agreement: undefined });
    expect(snapshotsOf(events)[0]!.tensors.has("teacher.head.weight")).toBe(false);
  });
});

describe("a student that starts with weights", () => {
  const checkpointOf = (weights: Weights): Checkpoint => parseSafetensors(writeSafetensors(exportTensors(weights)));

  it("has them at the start, running statistics included, and learns on", async () => {
    const first = await distilToEnd(tinyDistillation(gpu));
    const from = async (weights: Weights, settings: Partial<DistilSettings>): Promise<Distilled> =>
      distilToEnd(tinyDistillation(gpu, settings, { start: checkpointOf(weights) }));
    const still = { epochs: 1, learningRate: 1e-30, weightDecay: 0, warmupEpochs: 0 };
    const { result: second } = await from(first.result.weights, still);
    for (const name of ["stem.conv.weight", "stem.norm.bias"]) {
      expect(second.weights.get(name)).toEqual(first.result.weights.get(name));
    }
    // Four steps keep 0.9^4 of what the statistics were, and add the same both times.
    const { result: third } = await from(second.weights, still);
    const means = [first.result, second, third].map(({ weights }) => weights.get("stem.norm.running_mean")!.data);
    for (const [i, start] of means[0]!.entries()) {
      const moved = means[1]![i]! - start;
      expect(Math.abs(means[2]![i]! - means[1]![i]! - 0.9 ** 4 * moved)).toBeLessThan(1e-5);
      expect(Math.abs(moved)).toBeGreaterThan(1e-4);
    }
    const on = await from(first.result.weights, {});
    expect(epochsOf(on.events)[0]!.loss).toBeLessThan(epochsOf(first.events)[0]!.loss!);
  });

  it("takes those of its own network alone, with running statistics", async () => {
    const input = tinyDistillation(gpu);
    const other = await failureOf({ ...input, start: teacherCheckpoint() });
    expect([other.code, other.message]).toEqual(["E_WEIGHTS", expect.stringContaining("stem.norm.bias")]);
    const student = findModel("tlx-nano");
    const { params } = buildFeatureGraph(student, { batch: 1, form: "folded" });
    const zeros = [...params].map(
      ([path, { spec }]) => [path, { spec, data: new Float32Array(sizeOf(spec)) }] as const,
    );
    const folded = await failureOf({ ...input, student, start: checkpointOf(new Map(zeros)) });
    expect([folded.code, folded.message]).toEqual(["E_WEIGHTS", expect.stringContaining("found folded batch norms")]);
  });
});

describe("a student that is its teacher pruned", () => {
  const still = { epochs: 1, learningRate: 1e-30, weightDecay: 0, warmupEpochs: 0, saveSteps: 1 };
  const input = (): DistilInput => tinyDistillation(gpu, still, { student: studentOf(8), prune: true });

  it("says from the start what the teacher says", async () => {
    const { events, result } = await distilToEnd(input());
    expect(result.likeness.explained).toBeGreaterThan(0.95);
    expect(events.filter((e) => e.type === "features" && e.note === "channels")).toHaveLength(22);
    const nothing = await distilToEnd({ ...input(), prune: false });
    expect(nothing.result.likeness.explained).toBeLessThan(0.5);
  });

  it("is not pruned again when it goes on, and ends with the same bits", async () => {
    const whole = await distilToEnd(input());
    const [resume] = snapshotsOf(whole.events);
    const rest = await distilToEnd({ ...input(), resume });
    expect(rest.result).toEqual(whole.result);
    expect(rest.events.filter((e) => e.type === "features" && e.note === "channels")).toEqual([]);
    const other = await failureOf({ ...input(), prune: false, resume });
    expect([other.code, other.message]).toEqual(["E_USAGE", expect.stringContaining("prune")]);
  });
});

/** 4 steps an epoch, 12 in all. */
const runs: readonly { readonly name: string; readonly settings: Partial<DistilSettings> }[] = [
  { name: "as pictures are", settings: { saveSteps: 1 } },
  {
    name: "in views, mixed, with averages",
    settings: {
      ...{ saveSteps: 1, augment: "standard", teacherViews: 2, mixup: 0.4, cutmix: 0.5, averageDecay: 0.9 },
    },
  },
];

describe.each(runs)("a distillation of pictures $name", ({ settings }) => {
  let input: DistilInput;
  let whole: Distilled;
  beforeAll(async () => {
    input = tinyDistillation(gpu, settings, { identity: { data: "colours" } });
    whole = await distilToEnd(input);
  });

  it("gives the same bits again, and others for another seed", async () => {
    expect(outcome(await distilToEnd(input))).toEqual(outcome(whole));
    const other = await distilToEnd({ ...input, settings: { ...input.settings, seed: 2 } });
    expect(outcome(other)).not.toEqual(outcome(whole));
  });

  it("saves after every step, and goes on from there to the same bits", async () => {
    const snapshots = snapshotsOf(whole.events);
    const places = snapshots.map(({ position }) => 4 * position.epoch + position.step);
    expect(places).toEqual(Array.from({ length: 12 }, (_, i) => i + 1));
    const chosen = deep ? snapshots : [0, 4, 7, 11].map((i) => snapshots[i]!);
    for (const snapshot of chosen) {
      const rest = await distilToEnd({ ...input, resume: await readSnapshot(await writeSnapshot(snapshot)) });
      const { epoch, step } = snapshot.position;
      expect(rest.result, `epoch ${epoch}, step ${step}`).toEqual(whole.result);
      const told = (run: Distilled, from: number): unknown =>
        epochsOf(run.events).flatMap(({ ms: _, loss: _loss, ...e }) => (e.epoch > from ? [e] : []));
      expect(told(rest, 0)).toEqual(told(whole, epoch));
      // An epoch that is done whole has the same loss too.
      const lossOf = (run: Distilled): unknown => epochsOf(run.events).find((e) => e.epoch === epoch + 2)?.loss;
      expect(lossOf(rest)).toEqual(lossOf(whole));
    }
  });

  it("ends at an abort with a snapshot and the reason, wherever it comes", async () => {
    // After so many pictures were asked for: in the teacher's turn, between steps, amid a step, amid a measurement.
    const reason = new Error("enough");
    const asked = 22 * (settings.teacherViews ?? 1) + 4;
    for (const after of [2, asked + 5, asked + 7, asked + 21]) {
      const stop = new AbortController();
      let count = 0;
      const pictures: DistilInput["pictures"] = async function* (samples, options) {
        for await (const found of colourPictures(samples, options)) {
          if (count++ === after) stop.abort(reason);
          stop.signal.throwIfAborted();
          yield found;
        }
      };
      const seen: Distilled["events"][number][] = [];
      const ending = distilToEnd({ ...input, pictures, signal: stop.signal }, (event) => seen.push(event));
      await expect(ending, `after ${after}`).rejects.toBe(reason);
      const last = snapshotsOf(seen).at(-1);
      expect(last === undefined, `after ${after}`).toBe(after < asked);
      if (!last) continue;
      expect(seen.at(-1)!.type).toBe("snapshot");
      const rest = await distilToEnd({ ...input, resume: last });
      expect(rest.result, `after ${after}`).toEqual(whole.result);
      expect(epochsOf([...seen, ...rest.events]).map((e) => e.epoch)).toEqual([1, 2, 3]);
    }
  });

  it("is not taken for another one", async () => {
    const [resume] = snapshotsOf(whole.events);
    const failure = (change: Partial<DistilInput>): Promise<TlxError> => failureOf({ ...input, ...change, resume });
    const seed = await failure({ settings: { ...input.settings, seed: 2 } });
    expect(seed).toMatchObject({
      code: "E_USAGE",
      message: expect.stringContaining("settings.seed: expected 1, found 2"),
    });
    expect((await failure({ files: fileNames(27) })).message).toContain("pictures: expected 26, found 27");
    expect((await failure({ student: { ...input.student, name: "other" } })).message).toContain("network");
    expect((await failure({ identity: { data: "others" } })).message).toContain("data");
    const changed = await failure({ files: fileNames(26).with(7, "another picture") });
    expect(changed).toMatchObject({ code: "E_DATA", message: expect.stringContaining("some changed") });
  });
});

async function failureOf(input: DistilInput): Promise<TlxError> {
  const error = await distilToEnd(input).then(
    () => expect.unreachable("it should have failed"),
    (thrown) => thrown,
  );
  expect(error).toBeInstanceOf(TlxError);
  return error;
}

describe("refused is", () => {
  it.each<[Record<string, unknown>, string]>([
    [{ teacherView: 2 }, 'no setting "teacherView"; did you mean "teacherViews"?'],
    [{ unfreeze: "all" }, 'no setting "unfreeze"'],
    [{ toString: 1 }, 'no setting "toString"'],
    [{ teacherViews: 0 }, "teacherViews to be a whole number of at least 1, found 0"],
    [{ teacherViews: 1.5 }, "found 1.5"],
    [{ temperature: 0 }, "temperature to be a number above 0, found 0"],
    [{ temperature: "2" }, 'found "2"'],
    [{ featureWeight: -1 }, "featureWeight to be a number of at least 0"],
    [{ logitWeight: Number.NaN }, "logitWeight to be a number of at least 0"],
    [{ heldOut: 0 }, "heldOut to be a number above 0 and below 1"],
    [{ heldOut: 1 }, "found 1"],
    [{ batch: 0 }, "expected batch to be a whole number of at least 1"],
    [{ warmupEpochs: 5 }, "expected warmupEpochs of at most the 3 epochs, found 5"],
    [{ featureWeight: 0, logitWeight: 0 }, "found 0 for both"],
  ])("%j", async (settings, message) => {
    const error = await failureOf(tinyDistillation(gpu, settings as Partial<DistilSettings>));
    expect([error.code, error.message]).toEqual(["E_USAGE", expect.stringContaining(message)]);
  });

  it("a loss of logits alone from a teacher without any", async () => {
    const teacher = { model: blindTeacher, checkpoint: teacherCheckpoint(blindTeacher) };
    const error = await failureOf(tinyDistillation(gpu, { featureWeight: 0 }, { teacher }));
    expect([error.code, error.message]).toEqual(["E_USAGE", expect.stringContaining("has no classifier")]);
  });

  it.each([
    [1, { heldOut: 0.5 }, "at least a batch of 5 pictures to learn from, found 1"],
    [5, {}, "at least a batch of 5 pictures to learn from, found 4"],
    [8, {}, "at least 2 different pictures to measure on, found 1"],
  ])("a number of %d pictures, before the teacher is asked", async (count, settings, message) => {
    const pictures: DistilInput["pictures"] = () => expect.unreachable("the teacher is asked");
    const error = await failureOf(tinyDistillation(gpu, settings, { files: fileNames(count), pictures }));
    expect([error.code, error.message]).toEqual(["E_DATA", expect.stringContaining(message)]);
  });

  it("what is left when copies and unreadable pictures are taken away", async () => {
    const same = await failureOf(tinyDistillation(gpu, {}, { files: Array(26).fill("picture 1") }));
    expect([same.code, same.message]).toEqual(["E_DATA", expect.stringContaining("at least 2 different pictures")]);
    const broken = [...fileNames(13), ...Array.from({ length: 13 }, (_, i) => `broken ${i}`)];
    const error = await failureOf(tinyDistillation(gpu, {}, { files: broken }));
    expect([error.code, error.message]).toEqual(["E_DATA", expect.stringContaining("at most 10 % unreadable")]);
  });

  it("a checkpoint that is not the teacher's", async () => {
    const teacher = { ...tinyDistillation(gpu).teacher, checkpoint: teacherCheckpoint(blindTeacher) };
    const error = await failureOf(tinyDistillation(gpu, {}, { teacher }));
    expect([error.code, error.message]).toEqual(["E_WEIGHTS", expect.stringContaining("head.weight")]);
  });

  it("going on with numbers that are none", async () => {
    const error = await failureOf(tinyDistillation(gpu, { learningRate: 1e30, clipNorm: 0, warmupEpochs: 0 }));
    expect([error.code, error.message]).toEqual(["E_DIVERGED", expect.stringContaining("smaller learning rate")]);
  });
});

it("default epochs of warming up give way to few epochs", async () => {
  const { settings } = tinyDistillation(gpu, { epochs: 1 });
  const { warmupEpochs: _, ...rest } = settings!;
  const { result } = await distilToEnd({ ...tinyDistillation(gpu), settings: rest });
  expect(result.settings).toMatchObject({ epochs: 1, warmupEpochs: 1 });
});

it("leaving early frees everything on the GPU", async () => {
  const before = gpu.liveBytes;
  for (const type of ["features", "snapshot", "epoch"]) {
    const { distil } = await import("@tlx/transfer");
    for await (const event of distil(tinyDistillation(gpu, { saveSteps: 1 }))) if (event.type === type) break;
    expect(gpu.liveBytes, type).toBe(before);
  }
});
