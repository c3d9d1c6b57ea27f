/** The loss of a student by its formula, its gradient, and what it is taught where pictures are mixed. */
import { add, f32, type HostTensor, type Value } from "@tlx/kernels";
import { gradientRules } from "@tlx/kernels/grad";
import { differentiate, GraphBuilder, Program } from "@tlx/nn";
import { interpret } from "@tlx/nn/testing";
import { MemoryFeatureStore, type Model } from "@tlx/transfer";
import { beforeAll, describe, expect, it } from "vitest";
import { testGpu } from "../../../test/support/gpu.js";
import { completeDistilSettings } from "../src/distil/settings.js";
import { buildStudent, type Student } from "../src/distil/student.js";
import { Targets } from "../src/distil/targets.js";
import { loadTeacher } from "../src/models/load.js";
import { FrontEnd } from "../src/train/live-feed.js";
import { mixerOf } from "../src/train/mixer.js";
import type { Mixing } from "../src/train/mixing.js";
import { studentOf, teacherCheckpoint, teacherModel } from "./distil-run.js";
import { fill } from "./random-plan.js";
import { madePicture } from "./tiny-model.js";

let gpu: Awaited<ReturnType<typeof testGpu>>;
beforeAll(async () => {
  gpu = await testGpu();
});

const batch = 3;
const settings = completeDistilSettings({ batch, featureWeight: 3, logitWeight: 0.5, temperature: 2 });

function made(student: Model): Student {
  const teacher = loadTeacher(teacherModel, teacherCheckpoint(), { batch: 1 });
  return buildStudent(student, { model: teacherModel, ...teacher }, settings);
}

const inputs: ReadonlyMap<string, HostTensor["data"]> = new Map(
  Object.entries({
    image: fill("image", f32(batch, 12, 12, 3), 1).data,
    "teacher/features": fill("features", f32(batch, 8), 1).data,
    "teacher/logits": fill("logits", f32(batch, 5), 3).data,
    featureWeights: new Float32Array(batch).fill(settings.featureWeight / batch),
    logitWeights: new Float32Array(batch).fill(settings.logitWeight / batch),
  }),
);

const softmax = (row: readonly number[]): number[] => {
  const powers = row.map((v) => Math.exp(v / settings.temperature));
  return powers.map((v) => v / powers.reduce((a, b) => a + b));
};
const rowsOf = (data: ArrayLike<number>): number[][] => {
  const width = data.length / batch;
  return Array.from({ length: batch }, (_, i) => Array.from(data).slice(i * width, (i + 1) * width));
};

describe.each([6, 8])("a student of %d features", (width) => {
  const { tail } = made(studentOf(width));
  const { graph, losses } = tail.loss!;
  const loss = graph.outputs.get("loss") as Value;
  const values = interpret(graph, tail.weights, inputs);

  it("has the loss of its formula", () => {
    const [features, logits] = ["features", "logits"].map((name) => rowsOf(values.get(tail.graph.outputs.get(name)!)!));
    const squares = rowsOf(inputs.get("teacher/features")!).map((row, i) =>
      row.reduce((sum, v, k) => sum + (v - features![i]![k]!) ** 2 / row.length, 0),
    );
    const divergences = rowsOf(inputs.get("teacher/logits")!).map((row, i) => {
      const [p, q] = [softmax(row), softmax(logits![i]!)];
      return p.reduce((sum, v, k) => sum + v * Math.log(v / q[k]!), 0);
    });
    const mean = (all: readonly number[]): number => all.reduce((a, b) => a + b) / batch;
    // The weights of samples are rounded to float32.
    const [ofFeatures, ofLogits] = ["featureWeights", "logitWeights"].map((name) => batch * inputs.get(name)![0]!);
    const expected = ofFeatures! * mean(squares) + ofLogits! * settings.temperature ** 2 * mean(divergences);
    expect(values.get(loss)![0]).toBeCloseTo(expected, 10);
  });

  it("learns all that is its own, and the adapter between", () => {
    const own = ["stem.conv.weight", "stem.norm.bias", "stem.norm.weight"];
    const adapter = width === 8 ? [] : ["adapter.bias", "adapter.weight"];
    expect([...tail.trainable].sort()).toEqual([...adapter, ...own]);
  });

  it("has the gradient of its loss", async () => {
    const { graph: whole, grads } = differentiate(graph, losses, tail.trainable, gradientRules);
    const program = await Program.compile(gpu, { ...whole, outputs: new Map([...grads]) }, tail.weights);
    try {
      for (const [name, data] of inputs) program.write(name, data);
      program.run();
      for (const path of tail.trainable) {
        const { spec, data } = tail.weights.get(path)!;
        const direction = fill(`direction of ${path}`, spec, 1).data as Float32Array;
        const gradient = (await program.read(path)).data as Float32Array;
        const found = gradient.reduce((sum, v, i) => sum + v * direction[i]!, 0);
        const at = (h: number): number => {
          const moved = Float64Array.from(data as Float32Array, (v, i) => v + h * direction[i]!);
          const weights = new Map([...tail.weights, [path, { spec, data: moved as unknown as Float32Array }]]);
          return interpret(graph, weights, inputs).get(loss)![0]!;
        };
        const expected = (at(1e-6) - at(-1e-6)) / 2e-6;
        expect(Math.abs(expected), path).toBeGreaterThan(1e-4);
        expect(Math.abs(found / expected - 1), path).toBeLessThan(1e-2);
      }
    } finally {
      program.dispose();
    }
  });
});

it("targets are rows of one view by output, blended as pictures are", async () => {
  const size = 12;
  const pixels = 3 * size ** 2;
  const preprocess = { resize: size, crop: size, mean: [0.5, 0.5, 0.5], std: [0.25, 0.25, 0.25] } as const;
  const pictures = [1, 2, 3].map((seed) => madePicture(seed, seed % 2));
  const frontEnd = await FrontEnd.create({ gpu, prefix: undefined, frontier: [], preprocess, batch, mixerOf });
  const b = new GraphBuilder();
  const shape = f32(batch, size, size, 3);
  b.output("sum", b.apply(add, [b.input("image", shape), b.input("zeros", shape)], {}, "sum")[0] as Value);
  const program = await Program.compile(gpu, b.finish(), new Map());
  const load = async (mixing?: Mixing): Promise<Float32Array> => {
    async function* live() {
      for (const picture of pictures) yield { picture, change: undefined };
    }
    await frontEnd.load(program, live(), mixing);
    program.run();
    return (await program.read("sum")).data as Float32Array;
  };
  try {
    const plain = await load();
    // A teacher that says what it sees, and the number of the picture and the view.
    const stores = [0, 1].map(() => new MemoryFeatureStore(pixels + 2));
    for (const [view, store] of stores.entries()) {
      for (const i of pictures.keys()) {
        await store.put(`${i}`, Float32Array.of(...plain.subarray(i * pixels, (i + 1) * pixels), i, view));
      }
    }
    const outputs = [
      { name: "features", spec: f32(1, pixels) },
      { name: "logits", spec: f32(1, 2) },
    ];
    const written = new Map<string, Float32Array>();
    const student = { write: (name: string, data: Float32Array) => written.set(name, data.slice()) };
    const feed = (view: number, mixing?: Mixing): Promise<void> =>
      new Targets(stores, outputs).feed(student as unknown as Program, ["0", "1", "2"], view, mixing);

    await feed(1);
    expect(written.get("teacher/features")).toEqual(plain);
    expect([...written.get("teacher/logits")!]).toEqual([0, 1, 1, 1, 2, 1]);

    const mixing: Mixing = { share: 77 / 256, box: [0, 0, 0, 0] };
    const mixed = await load(mixing);
    await feed(0, mixing);
    const blended = written.get("teacher/features")!;
    expect(blended).not.toEqual(plain);
    mixed.forEach((v, i) => void expect(Math.abs(v - blended[i]!)).toBeLessThan(1e-6));
    const [own, other] = [77 / 256, 179 / 256];
    expect([...written.get("teacher/logits")!]).toEqual([2 * other, 0, 1, 0, 2 * own, 0]);
  } finally {
    program.dispose();
    frontEnd.dispose();
  }
});
