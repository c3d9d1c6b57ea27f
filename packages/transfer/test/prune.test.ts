/** A narrower network begins as its teacher: which channels go, what the others take over, and what cannot be had. */
import { Gpu, type HostTensor, sizeOf, TlxError } from "@tlx/kernels";
import { randomFrom } from "@tlx/kernels/testing";
import { activate, conv2d, type Weights } from "@tlx/nn";
import { interpret } from "@tlx/nn/testing";
import { buildFeatureGraph, type Checkpoint, type Model } from "@tlx/transfer";
import { Matrix, solve } from "ml-matrix";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { testGpu } from "../../../test/support/gpu.js";
import { Covariance, Moments } from "../src/distil/prune/moments.js";
import { pruneTeacher } from "../src/distil/prune/prune-teacher.js";
import { removeChannels } from "../src/distil/prune/remove-channels.js";
import { convNorm } from "../src/models/conv-norm.js";
import { loadBackbone } from "../src/models/load.js";
import { colourPictures, fileNames, teacherCheckpoint } from "./distil-run.js";
import { tinyModel } from "./tiny-model.js";

/** [rows, columns] with numbers from -1 to 1. */
function drawn(rows: number, columns: number, seed: number): Float64Array {
  const random = randomFrom(seed);
  return Float64Array.from({ length: rows * columns }, random);
}

/** Covariance of `columns` values that were drawn `rows` times. */
function covarianceOf(values: Float64Array, columns: number): Float64Array {
  const covariance = new Covariance(columns);
  for (let at = 0; at < values.length; at += columns) {
    covariance.add(Float32Array.from(values.subarray(at, at + columns)));
  }
  return covariance.matrix;
}

describe("removing channels", () => {
  it("takes those that the others can stand for, at no cost", () => {
    const [own, outputs, samples] = [5, 3, 400];
    const values = drawn(samples, own, 1);
    // Inputs 5 to 7 are sums of others.
    const wide = Float64Array.from({ length: samples * 8 }, (_, at) => {
      const [row, i] = [Math.floor(at / 8) * own, at % 8];
      return i < own ? values[row + i]! : values[row + i - own]! - 2 * values[row + i - own + 1]!;
    });
    const weight = drawn(outputs, 8, 2);
    const { kept, weight: left, lost } = removeChannels(weight, covarianceOf(wide, 8), own);
    expect(kept).toHaveLength(own);
    expect(lost).toBeLessThan(0.005);
    let error = 0;
    let power = 0;
    for (let row = 0; row < samples; row++) {
      for (let o = 0; o < outputs; o++) {
        const before = wide.slice(row * 8, row * 8 + 8).reduce((sum, x, i) => sum + x * weight[o * 8 + i]!, 0);
        const after = kept.reduce((sum, i, k) => sum + wide[row * 8 + i]! * left[o * own + k]!, 0);
        error += (before - after) ** 2;
        power += before ** 2;
      }
    }
    expect(error / power).toBeLessThan(0.005);
  });

  it("leaves the weights that least squares would give the inputs that stay", () => {
    const [inputs, outputs, keep] = [9, 4, 4];
    const mixed = new Matrix(200, inputs);
    const [raw, mixing] = [drawn(200, inputs, 3), drawn(inputs, inputs, 4)];
    mixed.apply((row, c) => {
      let sum = 0;
      for (let k = 0; k < inputs; k++) sum += raw[row * inputs + k]! * mixing[k * inputs + c]!;
      mixed.set(row, c, sum);
    });
    const covariance = covarianceOf(Float64Array.from(mixed.to1DArray()), inputs);
    const weight = drawn(outputs, inputs, 5);
    const { kept, weight: left, lost } = removeChannels(weight, covariance, keep);
    const matrix = Matrix.from1DArray(inputs, inputs, covariance);
    const ridge = (1e-3 * matrix.trace()) / inputs;
    for (let i = 0; i < inputs; i++) matrix.set(i, i, matrix.get(i, i) + ridge);
    // W' = W C[:, kept] C[kept, kept]^-1
    const w = Matrix.from1DArray(outputs, inputs, weight);
    const right = w.mmul(matrix.subMatrixColumn([...kept])).transpose();
    const expected = solve(matrix.selection([...kept], [...kept]), right).transpose();
    expect(left).toHaveLength(outputs * keep);
    left.forEach((value, at) => {
      expect(value).toBeCloseTo(expected.get(Math.floor(at / keep), at % keep), 8);
    });
    const full = Matrix.zeros(outputs, inputs);
    for (let o = 0; o < outputs; o++) kept.forEach((i, k) => void full.set(o, i, left[o * keep + k]!));
    const change = Matrix.sub(w, full);
    const share = change.mmul(matrix).mmul(change.transpose()).trace();
    const total = w
      .mmul(Matrix.from1DArray(inputs, inputs, covariance))
      .mmul(w.transpose())
      .trace();
    expect(lost).toBeCloseTo(share / total, 8);
  });
});

describe("moments", () => {
  it("are those of all values, and covariances those of the places looked at", () => {
    const [channels, places] = [3, 4];
    const values = Float32Array.from(drawn(places * 5, channels, 6));
    const moments = new Moments(channels);
    const covariance = new Covariance(channels);
    for (let p = 0; p < 5; p++) {
      const picture = values.subarray(p * places * channels, (p + 1) * places * channels);
      moments.add(picture);
      covariance.add(picture);
    }
    const rows = values.length / channels;
    const mean = (of: (row: number) => number): number => {
      let sum = 0;
      for (let row = 0; row < rows; row++) sum += of(row);
      return sum / rows;
    };
    for (let c = 0; c < channels; c++) {
      const own = mean((row) => values[row * channels + c]!);
      expect(moments.mean[c]).toBeCloseTo(own, 12);
      expect(moments.variance[c]).toBeCloseTo(
        mean((row) => (values[row * channels + c]! - own) ** 2),
        12,
      );
      for (let d = 0; d < channels; d++) {
        const other = mean((row) => values[row * channels + d]!);
        const product = mean((row) => (values[row * channels + c]! - own) * (values[row * channels + d]! - other));
        expect(covariance.matrix[c * channels + d]).toBeCloseTo(product, 12);
      }
    }
  });
});

type Shape = { readonly stem?: number; readonly hidden?: number; readonly out?: number; readonly kernel?: number };

/** A stem whose channels a depthwise and a 1x1 convolution read, then an inverted residual block and its sum. */
const network = (name: string, { stem = 6, hidden = 12, out = 8, kernel = 1 }: Shape, norms = true): Model => ({
  ...tinyModel,
  name,
  backbone(s, image, form) {
    const layer = (at: string, x: Parameters<typeof conv2d>[1], options: Parameters<typeof conv2d>[2]) =>
      norms
        ? convNorm(s.at(at), x, { conv: "conv", norm: "norm" }, options, form)
        : conv2d(s.at(`${at}.conv`), x, { ...options, bias: true });
    const active = (at: string, ...rest: [Parameters<typeof conv2d>[1], Parameters<typeof conv2d>[2]]) =>
      activate(s.at(at), layer(at, ...rest), "relu6");
    const a = active("stem", image, { out: stem, kernel: 3, stride: 2, pad: 1 });
    const b = active("spread", a, { out: stem, kernel: 3, pad: 1, groups: stem });
    const c = layer("project", b, { out: 5, kernel: 1 });
    const d = active("expand", c, { out: hidden, kernel: 1 });
    const e = active("depthwise", d, { out: hidden, kernel: 3, pad: 1, groups: hidden });
    const f = layer("narrow", e, { out, kernel, ...(kernel === 3 && { pad: 1 }) });
    return s.at("top").mark(activate(s.at("top"), f, "relu6"));
  },
});

const teacher = network("wide", {});

let gpu: Gpu;
beforeAll(async () => {
  gpu = new Gpu((await testGpu()).device);
});
afterAll(() => {
  expect(gpu.liveBytes).toBe(0);
  gpu.dispose();
});

async function prune(student: Model, checkpoint: Checkpoint, model = teacher): Promise<Weights> {
  const samples = fileNames(30).map((file) => ({ file, label: 0 }));
  const run = pruneTeacher({
    gpu,
    student,
    teacher: { model, checkpoint },
    pictures: colourPictures,
    samples,
    batch: 4,
  });
  for (;;) {
    const { done, value } = await run.next();
    if (done) return value;
  }
}

/** Globally averaged features of a picture of noise. */
function featuresOf(model: Model, weights: Weights): Float64Array {
  const graph = buildFeatureGraph(model, { batch: 1, form: "separate" });
  const random = randomFrom(9);
  const image = Float32Array.from({ length: sizeOf(graph.inputs.get("image")!.spec) }, random);
  return interpret(graph, weights, new Map([["image", image]])).get(graph.outputs.get("features")!)!;
}

/** What was given to the first half of the channels again for the second half. */
function doubled(checkpoint: Checkpoint): Checkpoint {
  const tensors = [...checkpoint.tensors].map(([name, tensor]) => {
    if (!/^(expand|depthwise)\./.test(name)) return [name, tensor] as const;
    const bytes = tensor.bytes.slice();
    bytes.copyWithin(bytes.length / 2, 0, bytes.length / 2);
    return [name, { ...tensor, bytes }] as const;
  });
  return { ...checkpoint, tensors: new Map(tensors) };
}

describe("a pruned student", () => {
  const checkpoint = doubled(teacherCheckpoint(teacher));
  const theirs = (): Float64Array => featuresOf(teacher, loadBackbone(teacher, checkpoint).weights);

  it("is its teacher where it has as many channels", async () => {
    const found = featuresOf(teacher, await prune(teacher, checkpoint));
    const expected = theirs();
    expected.forEach((value, i) => void expect(found[i]).toBeCloseTo(value, 4));
    expect(Math.max(...expected)).toBeGreaterThan(0.1);
  });

  it("is its teacher nearly where channels were there twice", async () => {
    const student = network("half", { hidden: 6 });
    const weights = await prune(student, checkpoint);
    expect(weights.get("depthwise.conv.weight")!.spec.shape).toEqual([3, 3, 1, 6]);
    const found = featuresOf(student, weights);
    theirs().forEach((value, i) => void expect(Math.abs(found[i]! - value)).toBeLessThan(0.01));
  });

  it("has all params and statistics, with the variance that its layers have on the pictures", async () => {
    const student = network("narrow", { stem: 4, hidden: 8 });
    const weights = await prune(student, checkpoint);
    const { params, states } = buildFeatureGraph(student, { batch: 1, form: "separate" });
    const specs = ([path, { spec }]: readonly [string, { spec: HostTensor["spec"] }]) => [path, spec] as const;
    expect(new Map([...weights].map(specs))).toEqual(new Map([...params, ...states].map(specs)));
    const [variance, scale] = ["running_var", "weight"].map((name) => weights.get(`expand.norm.${name}`)!.data);
    scale!.forEach((value, i) => void expect(value).toBeCloseTo(Math.sqrt(variance![i]! + 1e-5), 5));
  });
});

describe("refused", () => {
  const cases: readonly (readonly [string, Model, string])[] = [
    ["a wider student", network("wider", { hidden: 13 }), 'at "expand.conv" the windows'],
    ["other windows", network("other", { kernel: 3 }), 'at "narrow.conv" the windows'],
    ["features of fewer channels", network("fewer", { out: 6 }), "only where one convolution reads them"],
    ["no batch norm", network("plain", {}, false), 'a batch norm after "stem.conv"'],
    ["fewer layers", tinyModel, "the 6 convolutions of the teacher, found 1"],
    [
      "pictures on another scale",
      { ...network("scaled", {}), preprocess: { ...tinyModel.preprocess, mean: [0, 0, 0] } },
      "pictures scaled as wide takes them",
    ],
  ];
  it.each(cases)("%s", async (_, student, message) => {
    const error = await prune(student, teacherCheckpoint(teacher)).then(
      () => undefined,
      (reason: unknown) => reason,
    );
    expect(error).toBeInstanceOf(TlxError);
    expect((error as TlxError).code).toBe("E_USAGE");
    expect((error as TlxError).message).toContain(message);
  });
});
