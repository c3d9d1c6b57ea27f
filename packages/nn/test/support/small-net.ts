import {
  add,
  channelAffine,
  conv2d as conv2dOp,
  f32,
  type HostTensor,
  type Spec,
  sizeOf,
  type Value,
} from "@tlx/kernels";
import { hashText, randomFrom } from "@tlx/kernels/testing";
import {
  activate,
  batchNorm,
  conv2d,
  type Graph,
  GraphBuilder,
  globalAveragePool,
  linear,
  type Network,
  Scope,
  type Weights,
} from "@tlx/nn";
import { interpret } from "@tlx/nn/testing";

/** Seeded float32 numbers: variances in [0.5, 1.5), everything else in [-1, 1). */
export function fill(path: string, spec: Spec): HostTensor {
  const random = randomFrom(hashText(path));
  const scale = path.endsWith("running_var") ? () => 0.5 + random() : () => 2 * random() - 1;
  return { spec, data: Float32Array.from({ length: sizeOf(spec) }, scale) };
}

export function fillWeights(graph: Graph): Weights {
  return new Map([...graph.params, ...graph.states].map(([path, { spec }]) => [path, fill(path, spec)]));
}

export const network = (graph: Graph): Network => ({ graph, weights: fillWeights(graph) });

export const inputsOf = (graph: Graph): Map<string, HostTensor["data"]> =>
  new Map([...graph.inputs].map(([name, { spec }]) => [name, fill(name, spec).data]));

/** Outputs of the interpreter by name. */
export function outputsOf(graph: Graph, weights: Weights, inputs = inputsOf(graph)): Map<string, Float64Array> {
  const values = interpret(graph, weights, inputs);
  return new Map([...graph.outputs].map(([name, v]) => [name, values.get(v)!]));
}

/** Largest difference, relative to the largest value. */
export function relativeError(found: ArrayLike<number>, expected: ArrayLike<number>): number {
  let difference = found.length === expected.length ? 0 : Number.POSITIVE_INFINITY;
  let largest = 0;
  for (let i = 0; i < expected.length; i++) {
    difference = Math.max(difference, Math.abs(found[i]! - expected[i]!));
    largest = Math.max(largest, Math.abs(expected[i]!));
  }
  return largest === 0 ? difference : difference / largest;
}

/**
 * Every situation the rewrites meet, in one network of a few thousand multiply-adds:
 * conv+bn+relu6, depthwise+bn, conv+bias+relu, conv with bias then bn, a residual from the left and from the right,
 * a value with two readers, an output in the middle, add(x, x), and an affine that follows no convolution.
 */
export function smallNet(batch = 2): Graph {
  const b = new GraphBuilder();
  const s = new Scope(b);
  const image = b.input("image", f32(batch, 9, 8, 3));
  const stem = s.at("stem");
  let x = conv2d(stem.at("conv"), image, { out: 6, kernel: 3, stride: 2, pad: 1 });
  x = stem.mark(activate(stem, batchNorm(stem.at("bn"), x), "relu6"));

  const deep = s.at("depthwise");
  x = conv2d(deep.at("conv"), x, { out: 6, kernel: 3, pad: 1, groups: 6 });
  const middle = batchNorm(deep.at("bn"), x);
  b.output("middle", middle);

  const left = s.at("left");
  const expanded = conv2d(left.at("conv"), middle, { out: 6, kernel: 1, bias: true });
  x = s.at("left").mark(left.apply(add, [expanded, middle], {}));

  const right = s.at("right");
  const normal = batchNorm(right.at("bn"), conv2d(right.at("conv"), x, { out: 6, kernel: 3, pad: 1, bias: true }));
  x = activate(right, right.apply(add, [x, normal], {}), "relu");

  const double = s.at("double");
  x = double.apply(add, [x, x], {});
  const lone = s.at("lone");
  x = lone.apply(channelAffine, [x, lone.param("scale", f32(6)), lone.param("shift", f32(6))], {});

  const shared = s.at("shared");
  const twice = conv2d(shared.at("conv"), x, { out: 5, kernel: 1, bias: true });
  const bent = activate(shared, twice, "relu");
  x = shared.apply(add, [twice, bent], {});

  const last = s.at("last");
  x = activate(last, conv2d(last.at("conv"), x, { out: 7, kernel: 3, bias: true }), "relu");
  b.output("logits", linear(s.at("classifier"), globalAveragePool(s.at("pool"), x), 4));
  return b.finish();
}

/** One convolution of `x` at `path`, as the passes see it. */
export function bareConv(b: GraphBuilder, path: string, x: Value, out: number): Value {
  const w = b.param(`${path}.weight`, f32(1, 1, x.spec.shape[3]!, out));
  const params = { stride: [1, 1], pad: [0, 0, 0, 0], dilation: [1, 1], groups: 1, activation: "none" } as const;
  return b.apply(conv2dOp, [x, w], params, path)[0]!;
}
