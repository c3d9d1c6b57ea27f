/**
 * Structured pruning: a narrower network of the same layers begins as its teacher with channels left out, those that the layer after
 * them misses least; that layer's weights are corrected for what is gone. What is missed is measured on pictures.
 *
 * Source   He et al. 2017, Channel pruning for accelerating very deep neural networks: selection and reconstruction by what is
 *          read; which goes and what is corrected: remove-channels.ts
 */
import { TlxError, type Value } from "@tlx/kernels";
import { foldAffine, fuseBias, type Network, toInference, type Weights } from "@tlx/nn";
import type { Sample } from "../../data/dataset.js";
import { withInputSize } from "../../models/input-size.js";
import { buildFeatureGraph } from "../../models/instantiate.js";
import { loadBackbone } from "../../models/load.js";
import type { Model } from "../../models/model.js";
import { compileForPictures, runPictures } from "../../picture-program.js";
import type { DistilEvent, DistilInput } from "../distil.js";
import { matchLayers } from "./match-layers.js";
import { Covariance, Moments } from "./moments.js";
import { narrowWeights } from "./narrow-weights.js";

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

  return narrowWeights(network, own, moments, covariances);
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
  /** [N, H, W, C]. */
  readonly value: Value;
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
