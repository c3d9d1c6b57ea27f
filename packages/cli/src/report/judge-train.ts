/**
 * What models that have not seen a picture say of each picture that the run learned from: linear classifiers on the frozen
 * features, by cross-validation. Only where the features themselves learned nothing: those that did know the labels.
 */
import { type Gpu, matmul } from "@tlx/kernels";
import type { Network } from "@tlx/nn";
import {
  collectLogits,
  type FreezeCertificate,
  type LoadedRun,
  type Model,
  probeLinearly,
  type Sample,
} from "@tlx/transfer";
import { decodeAll } from "@tlx/transfer/node";
import { groupBy } from "./group-by.js";
import { type Judged, judge, type MeasureOptions } from "./measure-run.js";

/** Did only the head learn? */
export const isFrozenButHead = ({ tensors }: FreezeCertificate, { headPath }: Model): boolean =>
  tensors.every(({ name, trained }) => !trained || name.startsWith(`${headPath}.`));

/** The network up to its head, the features under the name that `collectLogits` asks for. */
function headInput({ graph, weights }: Network, headPath: string): Network | undefined {
  const node = graph.nodes.find(
    ({ op, path }) => op === matmul && (path === headPath || path.startsWith(`${headPath}.`)),
  );
  const features = node?.inputs[0];
  return features && { graph: { ...graph, outputs: new Map([["logits", features]]) }, weights };
}

/** Undefined where there is nothing to tell: too few pictures of a class, or a head of another form. */
export async function judgeTrain(
  gpu: Gpu,
  { network, description }: LoadedRun,
  model: Model,
  train: readonly Sample[],
  { signal, progress }: MeasureOptions,
): Promise<Judged[] | undefined> {
  const classes = description.classes.length;
  const body = headInput(network, model.headPath);
  const counts = groupBy(train, (s) => s.label);
  const hasAll = counts.size === classes && [...counts.values()].every((own) => own.length >= 2);
  if (!body || !hasAll) return undefined;
  const pictures = decodeAll(train, { ...(signal && { signal }) });
  const options = { ...(signal && { signal }), ...(progress && { progress }) };
  const found = await collectLogits(gpu, body, description.preprocess, pictures, options);
  const width = found.logits[0]!.length;
  const data = new Float32Array(width * found.logits.length);
  for (const [i, row] of found.logits.entries()) data.set(row, i * width);
  const { probabilities } = probeLinearly({ data, width, labels: Uint32Array.from(found.labels), classes });
  return found.samples.map((sample, i) => judge(sample, probabilities.subarray(i * classes, (i + 1) * classes)));
}
