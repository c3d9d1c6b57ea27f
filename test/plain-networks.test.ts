/** Whole networks without a reference output, with formula weights, against the same networks as plain loops in double. */
import type { Gpu } from "@tlx/kernels";
import { type Network, optimizeForInference, Program, withOutputs } from "@tlx/nn";
import { findModel, loadPretrained, parseSafetensors, writeSafetensors } from "@tlx/transfer";
import { beforeAll, describe, expect, it } from "vitest";
import { alexNet } from "./plain-networks/alexnet.js";
import { inceptionV3 } from "./plain-networks/inception-v3.js";
import { mobileNetV2 } from "./plain-networks/mobilenet-v2.js";
import { mobileNetV3Large } from "./plain-networks/mobilenet-v3-large.js";
import { type PlainNetwork, PlainTensors, type Plane } from "./plain-networks/plain-layers.js";
import { resNet } from "./plain-networks/resnet.js";
import { squeezeNet10 } from "./plain-networks/squeezenet-1.0.js";
import { formulaInput } from "./support/formula-weights.js";
import { testGpu } from "./support/gpu.js";

const tolerance = 2e-4;
const batch = 2;

const networks: readonly { readonly model: string; readonly inputSize: number; readonly plain: PlainNetwork }[] = [
  { model: "mobilenet-v3-large", inputSize: 64, plain: mobileNetV3Large },
  {
    model: "mobilenet-v2-0.35",
    inputSize: 64,
    plain: mobileNetV2({ stem: 16, stages: [8, 8, 16, 24, 32, 56, 112], top: 1280 }),
  },
  {
    model: "mobilenet-v2-1.4",
    inputSize: 48,
    plain: mobileNetV2({ stem: 48, stages: [24, 32, 48, 88, 136, 224, 448], top: 1792 }),
  },
  { model: "inception-v3-tf", inputSize: 75, plain: inceptionV3(false) },
  { model: "resnet-34", inputSize: 32, plain: resNet([3, 4, 6, 3], false) },
  { model: "squeezenet-1.0", inputSize: 64, plain: squeezeNet10 },
];

/** Tens of millions of weights, or like one above. */
const slow: typeof networks = [
  { model: "alexnet", inputSize: 150, plain: alexNet },
  { model: "inception-v3", inputSize: 107, plain: inceptionV3(true) },
  { model: "resnet-101", inputSize: 64, plain: resNet([3, 4, 23, 3], true) },
];

const forms = [
  { form: "plain", prepare: (n: Network) => n },
  { form: "optimized", prepare: optimizeForInference },
];

/** [N, H, W, C] as [N, C, H, W]. */
const toNchw = (nhwc: ArrayLike<number>, [n, c, h, w]: Plane["shape"]): Float64Array =>
  Float64Array.from({ length: n * c * h * w }, (_, i) => {
    const [x, y, channel, picture] = [
      i % w,
      Math.floor(i / w) % h,
      Math.floor(i / (w * h)) % c,
      Math.floor(i / (w * h * c)),
    ];
    return nhwc[((picture * h + y) * w + x) * c + channel];
  });

/** max |a - b| / max |b| */
const distance = (found: ArrayLike<number>, expected: Float64Array): number =>
  expected.reduce((most, e, i) => Math.max(most, Math.abs(found[i] - e)), 0) /
  expected.reduce((most, e) => Math.max(most, Math.abs(e)), 0);

describe.each(process.env.TLX_DEEP ? [...networks, ...slow] : networks)("$model", ({ model, inputSize, plain }) => {
  const shape: Plane["shape"] = [batch, 3, inputSize, inputSize];
  let gpu: Gpu;
  let network: Network;
  let expected: ReadonlyMap<string, Plane>;
  beforeAll(async () => {
    gpu = await testGpu();
    const tensors = new PlainTensors();
    expected = plain(tensors, { shape, data: toNchw(formulaInput(batch, inputSize), shape) });
    const checkpoint = parseSafetensors(writeSafetensors(tensors.tensors));
    const { graph, weights } = loadPretrained(findModel(model), checkpoint, { batch, inputSize });
    const modules = [...expected.keys()].filter((name) => name !== "logits");
    network = { graph: withOutputs(graph, modules), weights };
  });

  it.each(process.env.TLX_DEEP ? forms : forms.slice(0, 1))("$form graph", async ({ form, prepare }) => {
    const { graph, weights } = prepare(network);
    const program = await Program.compile(gpu, graph, weights, { label: form });
    try {
      program.write("image", formulaInput(batch, inputSize));
      program.run();
      const errors = new Map<string, number>();
      for (const [name, plane] of expected) {
        errors.set(name, distance(toNchw((await program.read(name)).data, plane.shape), plane.data));
      }
      expect([...errors].filter(([, error]) => !(error <= tolerance))).toEqual([]);
    } finally {
      program.dispose();
    }
  });
});
