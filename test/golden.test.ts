/**
 * Real weights against reference outputs of an independent program, on a formula input and on six photos.
 * On the software adapter the largest difference on the formula input is 3.4e-6 of the largest value.
 */
import { readFileSync } from "node:fs";
import type { Gpu, Value } from "@tlx/kernels";
import {
  dropDead,
  type Graph,
  GraphBuilder,
  globalAveragePool,
  type Network,
  optimizeForInference,
  Program,
  Scope,
  withOutputs,
} from "@tlx/nn";
import { buildFeatureGraph, findModel, joinWeights, loadPretrained, parseSafetensors } from "@tlx/transfer";
import { beforeAll, expect, it } from "vitest";
import { testGpu } from "./support/gpu.js";
import { describeShared, sharedPath } from "./support/shared.js";

interface GoldenNet {
  readonly input: readonly [number, number, number, number];
  readonly sine: readonly number[];
  readonly images: Record<string, { top5?: [number, string, number][]; features?: number[] }>;
}

type Checkpoint = ReturnType<typeof parseSafetensors>;

const imagenet = findModel("mobilenet-v2").preprocess;
const half = { mean: [0.5, 0.5, 0.5], std: [0.5, 0.5, 0.5] } as const;

function join(graph: Graph, checkpoint: Checkpoint): Network {
  const specs = new Map([...graph.params].map(([path, { spec }]) => [path, spec]));
  return { graph, weights: joinWeights(specs, checkpoint) };
}

/** The registered network up to and with a module, whose result is averaged. */
const loadUpTo =
  (name: string, module: string) =>
  (checkpoint: Checkpoint): Network => {
    const whole = buildFeatureGraph(findModel(name), { batch: 1, form: "folded" });
    const { graph: cut } = dropDead({ graph: withOutputs(whole, [module], true), weights: new Map() });
    const builder = GraphBuilder.from({ ...cut, outputs: new Map() });
    const last = cut.outputs.get(module) as Value;
    builder.output("features", globalAveragePool(new Scope(builder, "pooled"), last));
    return join(builder.finish(), checkpoint);
  };

const pretrained = (name: string) => (checkpoint: Checkpoint) =>
  loadPretrained(findModel(name), checkpoint, { batch: 1 });

const nets = [
  { file: "mobilenet_v2", load: pretrained("mobilenet-v2"), pixels: imagenet },
  { file: "squeezenet1_1", load: pretrained("squeezenet-1.1"), pixels: imagenet },
  { file: "mobilenet_v2_gluon_backbone", load: pretrained("mobilenet-v2-gluon"), pixels: imagenet },
  { file: "resnet18_to_layer3", load: loadUpTo("resnet-18", "layer3"), pixels: imagenet },
  { file: "inception_v3_to_mixed_7a", load: loadUpTo("inception-v3-tf", "Mixed_7a"), pixels: half },
];

/** The golden input's formula runs over the flat NCHW index. */
function sineInput(size: number): Float32Array {
  const pixels = size * size;
  return Float32Array.from({ length: 3 * pixels }, (_, at) => {
    const i = (at % 3) * pixels + Math.floor(at / 3);
    return Math.sin(i * 0.001) + 0.5 * Math.cos(i * 0.0173);
  });
}

function photoInput(file: string, { mean, std }: (typeof nets)[number]["pixels"]): Float32Array {
  const rgb = readFileSync(sharedPath("weights/golden", file));
  return Float32Array.from(rgb, (v, i) => (v / 255 - mean[i % 3]) / std[i % 3]);
}

/** max |a - b| / max |b| */
function distance(actual: ArrayLike<number>, expected: readonly number[]): number {
  const largest = Math.max(...expected.map(Math.abs));
  return Math.max(...expected.map((e, i) => Math.abs(actual[i] - e))) / largest;
}

describeShared("golden outputs", () => {
  const golden = JSON.parse(readFileSync(sharedPath("weights/golden/golden.json"), "utf8")).nets;
  let gpu: Gpu;
  beforeAll(async () => {
    gpu = await testGpu();
  });

  it.each(nets)("$file", async ({ file, load, pixels }) => {
    const { input, sine, images } = golden[file] as GoldenNet;
    const network = load(parseSafetensors(readFileSync(sharedPath("weights", `${file}.safetensors`))));
    const [output] = network.graph.outputs.keys();
    const before = gpu.liveBytes;
    const optimized = optimizeForInference(network);
    const program = await Program.compile(gpu, optimized.graph, optimized.weights, { label: file });
    const run = async (image: Float32Array): Promise<number[]> => {
      program.write("image", image);
      program.run();
      return Array.from((await program.read(output)).data);
    };
    try {
      const actual = await run(sineInput(input[2]));
      expect(actual.length).toBe(sine.length);
      expect(distance(actual, sine)).toBeLessThanOrEqual(1e-3);
      for (const [photo, { top5, features }] of Object.entries(images)) {
        const values = await run(photoInput(photo, pixels));
        if (features) {
          expect(distance(values, features), photo).toBeLessThanOrEqual(1e-3);
        } else if (top5) {
          const ranked = values.map((_, i) => i).sort((a, b) => values[b] - values[a]);
          expect(ranked.slice(0, 5), photo).toEqual(top5.map(([index]) => index));
          const actualTop = top5.map(([index]) => values[index]);
          const expectedTop = top5.map(([, , logit]) => logit);
          expect(distance(actualTop, expectedTop), photo).toBeLessThanOrEqual(1e-3);
        }
      }
    } finally {
      program.dispose();
    }
    expect(gpu.liveBytes).toBe(before);
  });
});
