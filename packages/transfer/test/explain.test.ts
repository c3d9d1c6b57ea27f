import { Gpu, type HostTensor, sizeOf, type Value } from "@tlx/kernels";
import { randomFrom } from "@tlx/kernels/testing";
import { type Graph, type Network, Program, toInference, uniformFanIn } from "@tlx/nn";
import { interpret } from "@tlx/nn/testing";
import { buildTransferGraph, Explainer, findModel, gradientNorms, type Model, softmaxOf } from "@tlx/transfer";
import { renderOverlay } from "@tlx/transfer/node";
import sharp from "sharp";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { testGpu } from "../../../test/support/gpu.js";
import { colourOf } from "../src/explain/colour-map.js";
import { enlargeMap, gradCam } from "../src/explain/grad-cam.js";
import { withLogitGradient } from "../src/explain/logit-gradient.js";
import { madePicture, madePictures, madeSamples, tinyModel } from "./tiny-model.js";

let gpu: Gpu;
beforeEach(async () => {
  gpu = new Gpu((await testGpu()).device);
});
afterEach(() => {
  expect(gpu.liveBytes).toBe(0);
  gpu.dispose();
});

function madeNetwork(model: Model, { hidden = 0, inputSize = model.card.inputSize, classes = 3 } = {}): Network {
  const graph = buildTransferGraph(model, { batch: 1, form: "separate", inputSize, classes, hidden });
  const weights = [...graph.params, ...graph.states].map(([path, { spec }]): [string, HostTensor] => {
    const fanIn = spec.shape.slice(0, -1).reduce((a, b) => a * b, 1);
    const { data } = uniformFanIn(spec, spec.shape.length === 1 ? 25 : fanIn / 6, 1, path);
    const around1 = path.endsWith("norm.weight") || path.endsWith("running_var");
    return [path, { spec, data: around1 ? data.map((v) => 1 + v) : data }];
  });
  return { graph, weights: new Map(weights) };
}

const madeInput = (size: number, seed = 3): Float32Array => {
  const random = randomFrom(seed);
  return Float32Array.from({ length: 3 * size * size }, () => 2 * random() - 1);
};

/** Logits, in double, as a function of the value of a module; `start` is what it is. */
function logitsOf(network: Network, image: Float32Array, module: string) {
  const { graph, weights } = toInference(network);
  const base = interpret(graph, weights, new Map([["image", image]]));
  const value = graph.marks.get(module) as Value;
  const changed = new Set([value]);
  const nodes = graph.nodes.filter(
    (node) => node.inputs.some((v) => changed.has(v)) && node.outputs.every((v) => changed.add(v)),
  );
  const made = new Set(nodes.flatMap((n) => n.outputs));
  const read = [...new Set(nodes.flatMap((n) => n.inputs))].filter((v) => !made.has(v));
  const none = { params: new Map(), states: new Map(), blocks: new Map(), outputs: new Map(), marks: new Map() };
  const tail: Graph = { ...none, nodes, inputs: new Map(read.map((v) => [`${v.id}`, v])) };
  const at = (activation: Float64Array): Float64Array => {
    const given = new Map(read.map((v) => [`${v.id}`, v === value ? activation : base.get(v)!]));
    return interpret(tail, new Map(), given).get(graph.outputs.get("logits")!)!;
  };
  return { at, start: base.get(value)! };
}

/** Activation and gradient of the logit of class `c`. */
async function runGradient(network: Network, image: Float32Array, c: number, module?: string) {
  const made = withLogitGradient(network, 1, module);
  const program = await Program.compile(gpu, made.graph, made.weights, { label: "test" });
  try {
    const classes = made.graph.outputs.get("logits")!.spec.shape[1]!;
    program.write(
      "seed",
      Float32Array.from({ length: classes }, (_, i) => (i === c ? 1 : 0)),
    );
    program.write("image", image);
    program.run();
    const read = async (name: string) => (await program.read(name)).data as Float32Array;
    return { module: made.module.path, activation: await read("activation"), gradient: await read("gradient") };
  } finally {
    program.dispose();
  }
}

describe("the gradient of a logit in a module's result", () => {
  it("is the head's weight over the places, where the head is one layer on the mean", async () => {
    const network = madeNetwork(tinyModel);
    const { module, gradient } = await runGradient(network, madeInput(12), 1);
    expect(module).toBe("stem");
    const weight = network.weights.get("head.weight")!.data as Float32Array;
    for (const [i, g] of gradient.entries()) expect(g).toBeCloseTo(weight[3 * (i % 8) + 1]! / 36, 7);
  });

  const nano = findModel("tlx-nano");
  it.each([
    ["a hidden layer in the head", tinyModel, "stem", { inputSize: 12, hidden: 5 }],
    ["blocks behind it and a hidden layer", nano, "blocks.9", { inputSize: 64, hidden: 6 }],
  ] as const)("agrees with finite differences in double through %s", async (_, model, module, options) => {
    const network = madeNetwork(model, options);
    const image = madeInput(network.graph.inputs.get("image")!.spec.shape[1]!);
    const { at, start } = logitsOf(network, image, module);
    for (const c of [0, 2]) {
      const { activation, gradient } = await runGradient(network, image, c, module);
      expect(Math.max(...activation.map((v, i) => Math.abs(v - start[i]!)))).toBeLessThan(1e-4);
      const random = randomFrom(5 + c);
      const direction = start.map(() => 2 * random() - 1);
      const [h, before] = [1e-7, at(start)[c]!];
      const up = (at(start.map((v, i) => v + h * direction[i]!))[c]! - before) / h;
      const down = (before - at(start.map((v, i) => v - h * direction[i]!))[c]!) / h;
      expect(Math.abs(up - down)).toBeLessThan(1e-3 * Math.abs(up)); // no kink within the step
      const along = gradient.reduce((sum, g, i) => sum + g * direction[i]!, 0);
      expect(Math.abs(along / ((up + down) / 2) - 1)).toBeLessThan(1e-3);
    }
  });

  it("is refused for a module that is not there or has no places", () => {
    const network = madeNetwork(tinyModel);
    expect(() => withLogitGradient(network, 1, "stern")).toThrow(/expected a module "stern".*there are: stem/);
    expect(() => withLogitGradient(network, 1, "avgpool")).toThrow(/there are: stem/);
  });
});

describe("Grad-CAM", () => {
  it("by hand: channels by their mean gradient, what speaks against the class is cut off", () => {
    // 1 x 2 places, 2 channels; mean gradients 2 and -1.
    const map = gradCam([1, 1, 1, 5], [1, 0, 3, -2], { height: 1, width: 2, channels: 2 });
    expect([...map]).toEqual([2 - 1, 0]);
  });

  it("is enlarged linearly between the centres, with 1 as its largest value where a centre is hit", () => {
    expect([...enlargeMap([0, 4], { height: 1, width: 2 }, 4)].slice(0, 4)).toEqual([0, 0.25, 0.75, 1]);
    expect([...enlargeMap([0, 0, 0, 0], { height: 2, width: 2 }, 2)]).toEqual([0, 0, 0, 0]);
    const square = enlargeMap([1, 0, 0, 0], { height: 2, width: 2 }, 2);
    expect([...square]).toEqual([1, 0, 0, 0]);
  });

  it("of a network that looks at one colour is hot where that colour is", async () => {
    const network = madeNetwork(tinyModel, { classes: 2 });
    const set = (path: string, fill: (i: number) => number): void => {
      const { spec } = network.weights.get(path)!;
      (network.weights as Map<string, HostTensor>).set(path, {
        spec,
        data: Float32Array.from({ length: sizeOf(spec) }, (_, i) => fill(i)),
      });
    };
    // [3, 3, 3, 8]: output 0 sums red, output 1 sums blue, the others nothing.
    set("stem.conv.weight", (i) => {
      const [colour, out] = [Math.floor(i / 8) % 3, i % 8];
      return (out === 0 && colour === 0) || (out === 1 && colour === 2) ? 1 : 0;
    });
    set("stem.norm.weight", () => 1);
    set("stem.norm.bias", () => 0);
    set("stem.norm.running_mean", () => 0);
    set("stem.norm.running_var", () => 1);
    set("head.weight", (i) => [1, 0, 0, 1][i] ?? 0);
    const data = new Uint8Array(4 * 144);
    for (let y = 0; y < 12; y++) {
      for (let x = 0; x < 12; x++) data.set(x < 6 ? [255, 0, 0, 255] : [0, 0, 255, 255], 4 * (12 * y + x));
    }
    const picture = { width: 12, height: 12, data };
    const explainer = await Explainer.create(gpu, network, { preprocess: tinyModel.preprocess });
    try {
      const [red, blue] = await Promise.all([0, 1].map((c) => explainer.explain(picture, c)));
      const at = ({ heat }: { heat: Float32Array }, x: number): number => heat[12 * 6 + x]!;
      expect(at(red!, 2)).toBeGreaterThan(0.9);
      expect(at(red!, 10)).toBeLessThan(0.1);
      expect(at(blue!, 2)).toBeLessThan(0.1);
      expect(at(blue!, 9)).toBeGreaterThan(0.9);
      expect(red!.logits).toEqual(blue!.logits);
      expect(Math.max(...red!.heat)).toBeLessThanOrEqual(1);
      await expect(explainer.explain(picture, 2)).rejects.toThrow(/a class from 0 to 1, found 2/);
    } finally {
      explainer.dispose();
    }
  });
});

describe("norms of gradients", () => {
  const options = { preprocess: tinyModel.preprocess, blocks: ["stem", "head"], batch: 4 };

  it("are those of finite differences, block by block", async () => {
    const network = madeNetwork(tinyModel, { classes: 2, hidden: 4 });
    const samples = madeSamples("x", 2);
    const norms = await gradientNorms(gpu, network, madePictures(samples), options);
    expect(norms.map((n) => [n.block, n.elements])).toEqual([
      ["stem", 216],
      ["head", 8 * 4 + 4 + 4 * 2 + 2],
    ]);
    const { graph, weights } = toInference(network);
    const images = samples.map(({ file, label }) => {
      const seed = [...file].reduce((h, c) => 31 * h + c.charCodeAt(0), 7);
      const { data } = madePicture(seed, label);
      return Float32Array.from({ length: 3 * 144 }, (_, i) => {
        const [pixel, channel] = [Math.floor(i / 3), i % 3];
        return (data[4 * pixel + channel]! / 255 - 0.5) / 0.25;
      });
    });
    const loss = (changed: Network["weights"]): number => {
      const losses = images.map((image, n) => {
        const logits = interpret(graph, changed, new Map([["image", image]])).get(graph.outputs.get("logits")!)!;
        return -Math.log(softmaxOf(logits)[samples[n]!.label]!);
      });
      return losses.reduce((a, b) => a + b) / losses.length;
    };
    for (const { block, norm, weightNorm } of norms) {
      let [squares, sizes] = [0, 0];
      for (const [path, { spec, data }] of weights) {
        if (!path.startsWith(`${block}.`) || path.includes("norm")) continue;
        // A few of the convolution's are enough to miss a wrong factor, all of the head's are few.
        for (let i = 0; i < data.length; i++) {
          const moved = (h: number): number => {
            const values = Float64Array.from(data as ArrayLike<number>);
            values[i]! += h;
            return loss(new Map([...weights, [path, { spec, data: values }]]));
          };
          squares += ((moved(1e-5) - moved(-1e-5)) / 2e-5) ** 2;
          sizes += data[i]! ** 2;
        }
      }
      expect(Math.abs(norm / Math.sqrt(squares) - 1)).toBeLessThan(1e-3);
      if (block === "head") expect(weightNorm).toBeCloseTo(Math.sqrt(sizes), 5);
    }
  });

  it("leave out pictures that cannot be read and refuse none at all", async () => {
    const network = madeNetwork(tinyModel, { classes: 2 });
    const samples = madeSamples("x", 2);
    const unreadable = new Set([samples[1]!.file]);
    const some = await gradientNorms(gpu, network, madePictures(samples, unreadable), options);
    const readable = samples.filter((s) => !unreadable.has(s.file));
    const same = await gradientNorms(gpu, network, madePictures(readable), { ...options, batch: 3 });
    for (const [i, { norm }] of some.entries()) expect(norm).toBeCloseTo(same[i]!.norm, 5);
    await expect(gradientNorms(gpu, network, madePictures([]), options)).rejects.toMatchObject({ code: "E_DATA" });
  });
});

describe("the colours of a map", () => {
  it("grow lighter from 0 to 1", () => {
    const luminance = Array.from({ length: 101 }, (_, i) => {
      const [r, g, b] = colourOf(i / 100).map((v) => (v / 255) ** 2.2) as [number, number, number];
      return 0.2126 * r + 0.7152 * g + 0.0722 * b;
    });
    for (let i = 5; i < luminance.length; i += 5) expect(luminance[i]).toBeGreaterThan(luminance[i - 5]! + 1e-3);
  });

  it("lie over the crop that the network sees", async () => {
    const picture = madePicture(1, 0);
    const preprocess = { resize: 12, crop: 10 };
    const heat = new Float32Array(100);
    heat[0] = 1;
    const render = async (explanation?: { heat: Float32Array; size: number }) => {
      const bytes = await renderOverlay(picture, explanation, { preprocess, size: 10, quality: 100 });
      const { data, info } = await sharp(bytes).removeAlpha().raw().toBuffer({ resolveWithObject: true });
      return { data, info };
    };
    const [plain, heated] = [await render(), await render({ heat, size: 10 })];
    expect(plain.info).toMatchObject({ width: 10, height: 10, channels: 3 });
    const change = (x: number, y: number): number =>
      [0, 1, 2].reduce(
        (sum, c) => sum + Math.abs(plain.data[3 * (10 * y + x) + c]! - heated.data[3 * (10 * y + x) + c]!),
        0,
      );
    expect(change(0, 0)).toBeGreaterThan(50);
    expect(change(8, 8)).toBeLessThan(20);
  });
});
