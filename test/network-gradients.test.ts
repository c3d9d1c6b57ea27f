/**
 * Gradients of whole networks on the GPU against central differences of the double interpreter, along one random direction
 * per block.
 *
 *   (L(p + h d) - L(p - h d)) / 2h  against  the sum of gradient x d          d: each param by its own size, h from 1e-6 down
 *
 * Kinks   one value of a million that float32 rounds to the other side of a kink moves the gradient by 1 %, rightly: it is
 *         that of another function. So pictures are brightened until all values are on the same side in both. In double
 *         there is no kink within a step whose two one-sided differences agree; else the step is made ten times smaller
 */
import { type Gpu, type HostTensor, hardSigmoid, hardSwish, relu, relu6, sizeOf, type Value } from "@tlx/kernels";
import { type Graph, type Network, type Node, Program } from "@tlx/nn";
import { interpret } from "@tlx/nn/testing";
import { buildTransferGraph, findModel, type Model } from "@tlx/transfer";
import { beforeAll, describe, expect, it } from "vitest";
import { formulaInput, formulaTensor } from "./support/formula-weights.js";
import { testGpu } from "./support/gpu.js";
import { batchNormPaths, differentiateNetwork, type TrainingForm } from "./support/training-form.js";

const tolerance = 1e-2;
const [batch, classes] = [2, 10];

type Inputs = ReadonlyMap<string, HostTensor["data"]>;
type Values = ReadonlyMap<Value, ArrayLike<number>>;

const inputsAt = (inputSize: number, brightness: number): Inputs =>
  new Map<string, HostTensor["data"]>([
    ["image", formulaInput(batch, inputSize).map((v) => brightness * v)],
    ["labels", Uint32Array.of(3, 7)],
    ["weights", new Float32Array(batch).fill(1 / batch)],
  ]);

/** Values of a size with which activations neither grow nor vanish. */
function formulaWeights({ params, states }: Graph): Network["weights"] {
  const norms = new Set([...states.keys()].map((path) => path.replace(/\.running_(mean|var)$/, "")));
  const sizes = (path: string, shape: readonly number[]): readonly [a: number, b: number] => {
    if (path.endsWith(".running_var")) return [1, 0.5];
    if (path.endsWith(".running_mean")) return [0, 0.1];
    if (path.endsWith(".bias")) return [0, 0.2];
    if (path.endsWith(".bn3.weight")) return [0.25, 0.1]; // what many blocks add up to must not grow beyond all loss
    if (norms.has(path.replace(/\.weight$/, ""))) return [1, 0.25];
    return [0, Math.sqrt(6 / shape.slice(0, -1).reduce((a, b) => a * b))];
  };
  const tensors = [...params, ...states].map(([name, { spec }]): [string, HostTensor] => {
    const [a, b] = sizes(name, spec.shape);
    return [name, { spec, data: formulaTensor({ name, a, b }, sizeOf(spec)) }];
  });
  return new Map(tensors);
}

/** Trained params by block of the card, those of no block by module. */
function groupsOf({ card, headPath }: Model, paths: Iterable<string>): Map<string, string[]> {
  const blocks = [headPath, ...card.blocks];
  const groups = new Map<string, string[]>();
  for (const path of paths) {
    const name = blocks.find((block) => path.startsWith(`${block}.`)) ?? path.replace(/\.\w+$/, "");
    groups.set(name, [...(groups.get(name) ?? []), path]);
  }
  return groups;
}

/** A random change of a param, of its own size. */
function directionOf(path: string, { data }: HostTensor): Float32Array {
  const size = Math.sqrt((data as Float32Array).reduce((sum, v) => sum + v * v, 0) / data.length);
  return formulaTensor({ name: `direction of ${path}`, a: 0, b: size }, data.length);
}

/** The loss with other values of some params. What does not depend on them is taken from `base`. */
function lossOf({ forward, loss }: TrainingForm, base: ReadonlyMap<Value, Float64Array>, other: typeof base): number {
  const changed = new Set(other.keys());
  const nodes = forward.graph.nodes.filter(
    (node) => node.inputs.some((v) => changed.has(v)) && node.outputs.every((v) => changed.add(v)),
  );
  const made = new Set(nodes.flatMap((n) => n.outputs));
  const read = [...new Set(nodes.flatMap((n) => n.inputs))].filter((v) => !made.has(v));
  const none = { params: new Map(), states: new Map(), blocks: new Map(), outputs: new Map(), marks: new Map() };
  const part: Graph = { ...none, nodes, inputs: new Map(read.map((v) => [`${v.id}`, v])) };
  const given = new Map(read.map((v) => [`${v.id}`, (other.get(v) ?? base.get(v)) as HostTensor["data"]]));
  return interpret(part, new Map(), given).get(loss)![0];
}

/** Derivative of the loss along `direction`, in double. */
function centralDifference(
  training: TrainingForm,
  base: ReadonlyMap<Value, Float64Array>,
  direction: ReadonlyMap<Value, Float32Array>,
): number {
  const moved = (h: number): Map<Value, Float64Array> =>
    new Map([...direction].map(([v, d]) => [v, base.get(v)!.map((value, i) => value + h * d[i])]));
  const here = base.get(training.loss)![0];
  for (const h of [1e-6, 1e-7, 1e-8]) {
    const [up, down] = [lossOf(training, base, moved(h)), lossOf(training, base, moved(-h))];
    const [right, left] = [(up - here) / h, (here - down) / h];
    if (Math.abs(right - left) <= 1e-3 * Math.abs(right + left)) return (right + left) / 2;
  }
  throw new Error("there is a kink within every step; draw another direction");
}

/** A value of which the slope of an activation changes at `low` and at `high`. */
interface Kink {
  readonly value: Value;
  readonly low: number;
  readonly high: number;
}

function kinkOf({ op, inputs: [x], outputs: [y] }: Node): Kink | undefined {
  if (op === relu) return { value: y, low: 0, high: Number.POSITIVE_INFINITY };
  if (op === relu6) return { value: y, low: 0, high: 6 };
  if (op === hardSigmoid) return { value: y, low: 0, high: 1 };
  return op === hardSwish ? { value: x, low: -3, high: 3 } : undefined;
}

const kinksOf = ({ forward }: TrainingForm): Kink[] => forward.graph.nodes.flatMap((node) => kinkOf(node) ?? []);

/** Gradients and the values that have a kink. */
async function runOnGpu(gpu: Gpu, training: TrainingForm, inputs: Inputs): Promise<Values> {
  const { graph, grads, forward } = training;
  const wanted = [...grads.values(), ...kinksOf(training).map(({ value }) => value)];
  const named = new Map(wanted.map((value) => [`${value.id}`, value]));
  const program = await Program.compile(gpu, { ...graph, outputs: named }, forward.weights);
  try {
    for (const [name, data] of inputs) program.write(name, data);
    program.run();
    const read = new Map<Value, ArrayLike<number>>();
    for (const [name, value] of named) read.set(value, (await program.read(name)).data);
    return read;
  } finally {
    program.dispose();
  }
}

/** Is every value on the same side of its kinks in both? */
function areOnSameSides(training: TrainingForm, a: Values, b: Values): boolean {
  return kinksOf(training).every(({ value, low, high }) => {
    const sideOf = (v: number): number => (v <= low ? 0 : v >= high ? 2 : 1);
    const [left, right] = [a.get(value)!, b.get(value)!];
    return Array.from(left).every((v, i) => sideOf(v) === sideOf(right[i]));
  });
}

/** All in a deep run; else the first, the last and some between. */
const someOf = <T>(all: readonly T[]): readonly T[] =>
  process.env.TLX_DEEP ? all : all.filter((_, i) => i % 7 === 0 || i === all.length - 1);

interface Tried {
  readonly name: string;
  readonly norms: "train" | "freeze" | "none";
  /** Default 64: fewer values have fewer kinks, and more pixels batch norms that are not of two values. */
  readonly inputSize?: number;
}

const networks: readonly Tried[] = [
  { name: "mobilenet-v2", norms: "train" },
  { name: "mobilenet-v3-small", norms: "train" },
  { name: "resnet-18", norms: "train" },
  { name: "squeezenet-1.1", norms: "none" },
];
const frozen: readonly Tried[] = [
  { name: "mobilenet-v2", norms: "freeze" },
  { name: "resnet-18", norms: "freeze" },
  { name: "mobilenet-v3-small", norms: "freeze" },
];
const others: readonly Tried[] = [
  { name: "alexnet", norms: "none" },
  { name: "efficientnet-b0", norms: "train" },
  { name: "mobilenet-v2-0.35", norms: "freeze" },
  { name: "inception-v3", norms: "freeze", inputSize: 75 },
  { name: "mobilenet-v3-large", norms: "train" },
  { name: "resnet-34", norms: "freeze", inputSize: 32 },
  { name: "resnet-50", norms: "freeze", inputSize: 32 },
  { name: "resnet-101", norms: "freeze", inputSize: 32 },
  { name: "squeezenet-1.0", norms: "none" },
];

describe.each(process.env.TLX_DEEP ? [...networks, ...frozen, ...others] : networks)(
  "gradients of $name, batch norms: $norms",
  ({ name, norms, inputSize = 64 }) => {
    const model = findModel(name);
    const graph = buildTransferGraph(model, { batch, inputSize, classes, form: "separate" });
    const plain: Network = { graph, weights: formulaWeights(graph) };
    const training = differentiateNetwork(plain, norms === "train" ? batchNormPaths(plain) : new Set());
    let found: Values;
    let base: ReadonlyMap<Value, Float64Array>;
    beforeAll(async () => {
      for (const brightness of [1, 1.02, 1.04, 1.06, 1.08, 1.1]) {
        const inputs = inputsAt(inputSize, brightness);
        found = await runOnGpu(await testGpu(), training, inputs);
        base = interpret(training.forward.graph, training.forward.weights, inputs);
        if (areOnSameSides(training, found, base)) return;
      }
      throw new Error("float32 rounds to another side of a kink for all pictures; draw others");
    });

    it.each(someOf([...groupsOf(model, training.grads.keys())]))("%s", (_, paths) => {
      const { params } = training.forward.graph;
      const directions = new Map(paths.map((path) => [path, directionOf(path, plain.weights.get(path)!)]));
      const direction = new Map([...directions].map(([path, d]) => [params.get(path)!, d]));
      const expected = centralDifference(training, base, direction);
      let actual = 0;
      for (const [path, d] of directions) {
        const gradient = found.get(training.grads.get(path)!)!;
        d.forEach((v, i) => {
          actual += v * gradient[i];
        });
      }
      expect(Math.abs(actual - expected)).toBeLessThanOrEqual(tolerance * Math.abs(expected));
    });
  },
);
