/**
 * The weights of a narrower network from those of its teacher and from what was measured on the teacher's layers. Its batch norms, which
 * the teacher has folded, begin with the statistics that the teacher's results have, so that at first they change nothing.
 *
 *   y = W x + b   ->   convolution W; norm: mean E[y] - b, variance V[y], weight sqrt(V[y] + eps), bias E[y]
 */
import type { HostTensor } from "@tlx/kernels";
import type { Graph, Network, Weights } from "@tlx/nn";
import type { Chain, LayerPair } from "./match-layers.js";
import type { Covariance, Moments } from "./moments.js";
import { type Remaining, removeChannels } from "./remove-channels.js";

/** Of the batch norms. */
const EPS = 1e-5;

/** Of a convolution: [KH KW C, OC], [OC]. */
interface Layer {
  readonly weight: Float64Array;
  readonly bias: Float64Array;
}

/**
 * Of `student`, from `teacher` with batch norms folded. `moments` are those of every layer's results, `covariances` those of what
 * the reader of every chain reads.
 */
export function narrowWeights(
  teacher: Network,
  student: Graph,
  moments: ReadonlyMap<LayerPair, Moments>,
  covariances: ReadonlyMap<Chain, Covariance>,
): Weights {
  const layerOf = weightReader(teacher);
  const kept = new Map<LayerPair, readonly number[]>();
  const corrected = new Map<LayerPair, Layer>();
  for (const [{ members, reader }, covariance] of covariances) {
    const { layer, remaining } = correct(layerOf(reader), covariance, members[0]!.out);
    for (const member of members) kept.set(member, remaining.kept);
    corrected.set(reader, layer);
  }
  const result = new Map<string, HostTensor>();
  for (const [pair, { mean, variance, channels }] of moments) {
    const { weight, bias } = corrected.get(pair) ?? layerOf(pair);
    const stays = kept.get(pair) ?? Array.from({ length: channels }, (_, c) => c);
    const put = (path: string, values: Float64Array): void => {
      const { spec } = (student.params.get(path) ?? student.states.get(path))!;
      result.set(path, { spec, data: Float32Array.from(columns(values, channels, stays)) });
    };
    put(`${pair.conv}.weight`, weight);
    put(
      `${pair.norm}.running_mean`,
      mean.map((m, c) => m - bias[c]!),
    );
    put(`${pair.norm}.running_var`, variance);
    put(
      `${pair.norm}.weight`,
      variance.map((v) => Math.sqrt(v + EPS)),
    );
    put(`${pair.norm}.bias`, mean);
  }
  return result;
}

/** Reads the weights of convolutions; one without a bias has zeros. */
function weightReader({ graph, weights }: Network): (pair: LayerPair) => Layer {
  const paths = new Map([...graph.params].map(([path, value]) => [value, path]));
  return ({ teacher }) => {
    const [, weight, bias] = teacher.inputs.map((value) => weights.get(paths.get(value) ?? "")?.data as Float32Array);
    return {
      weight: Float64Array.from(weight!),
      bias: bias ? Float64Array.from(bias) : new Float64Array(teacher.outputs[0]!.spec.shape[3]!),
    };
  };
}

/** The 1x1 convolution that reads `keep` of its channels, and what it took over from the others. */
function correct(
  { weight, bias }: Layer,
  covariance: Covariance,
  keep: number,
): { readonly layer: Layer; readonly remaining: Remaining } {
  const { channels, matrix, mean } = covariance;
  const turned = transpose(weight, channels, bias.length);
  const remaining = removeChannels(turned, matrix, keep);
  // What is gone is worth its mean: b + (W - W') E[x].
  const moved = bias.map((b, o) => {
    const before = mean.reduce((sum, m, i) => sum + turned[o * channels + i]! * m, 0);
    const after = remaining.kept.reduce((sum, i, k) => sum + remaining.weight[o * keep + k]! * mean[i]!, 0);
    return b + before - after;
  });
  return { layer: { weight: transpose(remaining.weight, bias.length, keep), bias: moved }, remaining };
}

function transpose(matrix: Float64Array, rows: number, width: number): Float64Array {
  return matrix.map((_, at) => matrix[(at % rows) * width + Math.floor(at / rows)]!);
}

/** Of a matrix of `width` columns those named. */
function columns(matrix: Float64Array, width: number, named: readonly number[]): Float64Array {
  const rows = matrix.length / width;
  return Float64Array.from(
    { length: rows * named.length },
    (_, at) => matrix[Math.floor(at / named.length) * width + named[at % named.length]!]!,
  );
}
