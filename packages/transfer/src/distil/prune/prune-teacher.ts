/**
 * Structured pruning: a narrower network of the same layers begins as its teacher with channels left out, those that the layer after
 * them misses least; that layer's weights are corrected for what is gone. Its batch norms begin with the statistics that
 * the teacher's results have on the pictures, so that at first they change nothing.
 *
 *   y = W x + b   of the teacher, batch norm folded   ->   conv W, norm: mean E[y] - b, variance V[y], weight sqrt(V[y] + eps), bias E[y]
 *
 * Source   He et al. 2017, Channel pruning for accelerating very deep neural networks: selection and reconstruction by what is
 *          read; which goes and what is corrected: remove-channels.ts
 */
import { type HostTensor, type Spec, TlxError } from "@tlx/kernels";
import { foldAffine, fuseBias, type Graph, type Network, toInference, type Weights } from "@tlx/nn";
import type { Sample } from "../../data/dataset.js";
import { withInputSize } from "../../models/input-size.js";
import { buildFeatureGraph } from "../../models/instantiate.js";
import { loadBackbone } from "../../models/load.js";
import type { Model } from "../../models/model.js";
import { compileForPictures, runPictures } from "../../picture-program.js";
import type { DistilEvent, DistilInput } from "../distil.js";
import { type LayerPair, matchLayers } from "./match-layers.js";
import { Covariance, Moments } from "./moments.js";
import { removeChannels } from "./remove-channels.js";

/** Of the batch norms: small enough that any choice gives the same network. */
const EPS = 1e-5;
/** More pictures hardly move the statistics. */
const MOST_PICTURES = 600;

export interface PruneInput extends Pick<DistilInput, "gpu" | "student" | "teacher" | "pictures" | "signal"> {
  /** Pictures to measure on. */
  readonly samples: readonly Sample[];
  /** Pictures per pass. */
  readonly batch: number;
}

/** Returns the student's params and running statistics. Throws E_USAGE for a student that is not its teacher with fewer channels. */
export async function* pruneTeacher(input: PruneInput): AsyncGenerator<DistilEvent, Weights> {
  const { student, teacher, batch } = input;
  const network = foldedTeacher(student, teacher, batch);
  const own = buildFeatureGraph(student, { batch: 1, form: "separate" });
  const { pairs, chains } = matchLayers(network.graph, own);
  const moments = new Map(pairs.map((pair) => [pair, new Moments(pair.teacher.outputs[0]!.spec.shape[3]!)]));
  const covariances = new Map(
    chains.map((chain) => [chain, new Covariance(chain.reader.teacher.inputs[0]!.spec.shape[3]!)]),
  );
  const watched: Watched[] = [
    ...[...moments].map(([pair, into]) => ({ name: pair.conv, value: pair.teacher.outputs[0]!, into })),
    ...[...covariances].map(([chain, into]) => ({
      ...{ name: `read by ${chain.reader.conv}`, value: chain.reader.teacher.inputs[0]!, into },
    })),
  ];
  yield* watch(input, network, watched);

  const paths = new Map([...network.graph.params].map(([path, value]) => [value, path]));
  const valuesOf = ({ teacher: { inputs } }: LayerPair, operand: number): Float64Array =>
    Float64Array.from(network.weights.get(paths.get(inputs[operand]!)!)!.data as Float32Array);
  /** Of a layer: the outputs that stay, and what it reads now where that is less. */
  const kept = new Map<LayerPair, readonly number[]>();
  const corrected = new Map<LayerPair, { readonly weight: Float64Array; readonly bias: Float64Array }>();
  for (const [{ members, reader }, covariance] of covariances) {
    const outputs = reader.teacher.outputs[0]!.spec.shape[3]!;
    const weight = transpose(valuesOf(reader, 1), covariance.channels, outputs);
    const remaining = removeChannels(weight, covariance.matrix, members[0]!.out);
    for (const member of members) kept.set(member, remaining.kept);
    corrected.set(reader, {
      weight: transpose(remaining.weight, outputs, remaining.kept.length),
      bias: biasAfter(valuesOf(reader, 2), weight, remaining, covariance.mean),
    });
  }

  const result = new Map<string, HostTensor>();
  const put = (path: string, data: Float64Array): void => {
    const spec: Spec = (own.params.get(path) ?? own.states.get(path))!.spec;
    result.set(path, { spec, data: Float32Array.from(data) });
  };
  for (const [pair, { mean, variance, channels }] of moments) {
    const { weight, bias } = corrected.get(pair) ?? { weight: valuesOf(pair, 1), bias: valuesOf(pair, 2) };
    const stays = kept.get(pair) ?? Array.from({ length: channels }, (_, c) => c);
    const some = (all: Float64Array): Float64Array => columns(all, channels, stays);
    put(`${pair.conv}.weight`, some(weight));
    put(`${pair.norm}.running_mean`, some(mean.map((m, c) => m - bias[c]!)));
    put(`${pair.norm}.running_var`, some(variance));
    put(`${pair.norm}.weight`, some(variance.map((v) => Math.sqrt(v + EPS))));
    put(`${pair.norm}.bias`, some(mean));
  }
  return result;
}

/** The teacher's backbone for the student's pictures, each convolution with the batch norm after it in its weight and bias. */
function foldedTeacher(student: Model, { model, checkpoint }: DistilInput["teacher"], batch: number): Network {
  const scale = (spec: Model["preprocess"]): string => JSON.stringify([spec.mean, spec.std]);
  if (scale(model.preprocess) !== scale(student.preprocess)) {
    throw new TlxError(
      "E_USAGE",
      `prune: expected pictures scaled as ${model.name} takes them, mean and deviation ${scale(model.preprocess)}, found ${scale(student.preprocess)}; start from nothing instead`,
    );
  }
  const sized = withInputSize(model, student.preprocess.crop);
  const { form, weights } = loadBackbone(sized, checkpoint);
  const graph = buildFeatureGraph(sized, { batch, form });
  return foldAffine(fuseBias(toInference({ graph, weights })));
}

interface Watched {
  readonly name: string;
  readonly value: Graph["outputs"] extends ReadonlyMap<string, infer V> ? V : never;
  readonly into: Moments | Covariance;
}

/** Runs the network on pictures from all over the samples. */
async function* watch(
  input: PruneInput,
  network: Network,
  watched: readonly Watched[],
): AsyncGenerator<DistilEvent, void> {
  const { gpu, student, pictures, samples, signal, batch } = input;
  const apart = Math.max(1, Math.ceil(samples.length / MOST_PICTURES));
  const chosen = samples.filter((_, i) => i % apart === 0);
  const graph = { ...network.graph, outputs: new Map(watched.map(({ name, value }) => [name, value])) };
  const names = watched.map(({ name }) => name);
  const program = await compileForPictures(gpu, { ...network, graph }, student.preprocess, names, batch);
  let done = 0;
  try {
    for await (const result of runPictures(program, pictures(chosen, { skip: () => false }))) {
      signal?.throwIfAborted();
      if ("error" in result) yield { type: "skipped", file: result.item.file, reason: result.error.message };
      else if ("row" in result) take(result.row, watched);
      yield {
        type: "features",
        kept: false,
        split: "train",
        note: "channels",
        done: ++done,
        cached: 0,
        total: chosen.length,
      };
    }
  } finally {
    program.dispose();
  }
}

/** What a picture gives, the watched values one after the other. */
function take(row: Float32Array, watched: readonly Watched[]): void {
  let at = 0;
  for (const { value, into } of watched) {
    const [, height, width, channels] = value.spec.shape as [number, number, number, number];
    const length = height * width * channels;
    into.add(row.subarray(at, at + length));
    at += length;
  }
}

/** b + (W - W') E[x]: what is gone is worth its mean. `weight` [outputs, inputs]. */
function biasAfter(
  bias: Float64Array,
  weight: Float64Array,
  remaining: { readonly kept: readonly number[]; readonly weight: Float64Array },
  mean: Float64Array,
): Float64Array {
  return bias.map((b, o) => {
    let moved = b;
    for (const [i, m] of mean.entries()) moved += weight[o * mean.length + i]! * m;
    for (const [k, i] of remaining.kept.entries()) moved -= remaining.weight[o * remaining.kept.length + k]! * mean[i]!;
    return moved;
  });
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
