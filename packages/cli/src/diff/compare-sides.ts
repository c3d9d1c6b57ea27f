/** Compares two sides of one network: tensors, then what every module gives. */
import { type Gpu, TlxError } from "@tlx/kernels";
import {
  compareTensors,
  compareTraces,
  type Divergence,
  findDivergence,
  formOf,
  isAlike,
  type LayerDifference,
  preparePicture,
  type TensorDifference,
} from "@tlx/transfer";
import { decodePicture } from "@tlx/transfer/node";
import { goldenPictures } from "../export/golden-pictures.js";
import { type Runtime, withRuntimes } from "./runtime.js";
import { foldSide, type Side } from "./side.js";
import type { ProgramTrace } from "./trace-elsewhere.js";

export interface SideShown {
  readonly target: string;
  readonly what: string;
  /** Where it was computed; undefined where only tensors were compared. */
  readonly runtime?: string;
}

export interface Comparison {
  readonly model: string;
  readonly equal: boolean;
  readonly tolerance: number;
  readonly a: SideShown;
  readonly b: SideShown;
  readonly tensors: readonly TensorDifference[];
  /** Undefined where only tensors were compared. */
  readonly layers: readonly LayerDifference[] | undefined;
  readonly divergence: Divergence | undefined;
}

export interface CompareOptions {
  readonly tolerance: number;
  readonly adapter?: string;
  readonly against?: string;
  /** A picture to compute with instead of the golden input. */
  readonly picture?: string;
  /** Leaves out what needs a GPU. */
  readonly tensorsOnly?: boolean;
}

const isFolded = ({ checkpoint }: Side): boolean => formOf(checkpoint.tensors.keys()) === "folded";

/** Both with batch norm folded, or both as they are. */
function alignForms(a: Side, b: Side): readonly [Side, Side] {
  if (isFolded(a) === isFolded(b)) return [a, b];
  return isFolded(a) ? [a, foldSide(b)] : [foldSide(a), b];
}

async function imageFor(
  gpu: Gpu,
  { preprocess }: Side,
  size: number,
  picture: string | undefined,
): Promise<Float32Array> {
  if (picture === undefined) return goldenPictures(size).data.subarray(0, size * size * 3);
  return preparePicture(gpu, await decodePicture(picture), { ...preprocess, crop: size });
}

/** Without another wish the program that a file is for computes it. */
async function trace(
  side: Side,
  image: Float32Array,
  runtime: Runtime,
  against: string | undefined,
): Promise<ProgramTrace> {
  if (against === undefined && side.traceElsewhere) return side.traceElsewhere(image);
  return { runtime: runtime.name, trace: await runtime.trace(side.network!, image) };
}

interface Ran {
  readonly layers: readonly LayerDifference[];
  readonly divergence: Divergence | undefined;
  readonly runtimes: readonly [string, string];
}

function runBoth(a: Side, b: Side, options: CompareOptions): Promise<Ran> {
  const [one, two] = [a.network!, b.network!];
  const size = one.graph.inputs.get("image")!.spec.shape[1]!;
  const other = two.graph.inputs.get("image")!.spec.shape[1]!;
  if (size !== other) {
    throw new TlxError(
      "E_USAGE",
      `diff: expected both for pictures of one size, found A for ${size} and B for ${other} pixels`,
    );
  }
  return withRuntimes(options.adapter, options.against, async (gpu, first, second) => {
    const image = await imageFor(gpu, a, size, options.picture);
    const left = await trace(a, image, first, options.against);
    const right = await trace(b, image, second, options.against);
    const layers = compareTraces(one.graph, left.trace, right.trace, options.tolerance);
    const runtimes = [left.runtime, right.runtime] as const;
    return { layers, divergence: findDivergence(one.graph, layers), runtimes };
  });
}

/** Throws E_USAGE for two networks. */
export async function compareSides(left: Side, right: Side, options: CompareOptions): Promise<Comparison> {
  if (left.model.name !== right.model.name) {
    throw new TlxError(
      "E_USAGE",
      `diff: expected one network twice, found ${left.model.name} in "${left.target}" and ${right.model.name} in "${right.target}"; --model takes both for one`,
    );
  }
  const [a, b] = alignForms(left, right);
  const tensors = compareTensors(a.checkpoint, b.checkpoint, options.tolerance);
  if (options.against !== undefined && !(a.network && b.network)) {
    throw new TlxError(
      "E_WEIGHTS",
      `diff: expected ${a.model.name} from its first layer on, to compute it on two runtimes, found the tensors of that missing or of another shape; leave --against out to compare tensors`,
    );
  }
  const ran = a.network && b.network && !options.tensorsOnly ? await runBoth(a, b, options) : undefined;
  const show = ({ target, what }: Side, i: 0 | 1): SideShown => ({
    target,
    what,
    ...(ran && { runtime: ran.runtimes[i] }),
  });
  return {
    ...{ model: a.model.name, tolerance: options.tolerance, tensors },
    ...{ a: show(a, 0), b: show(b, 1) },
    equal: tensors.every(isAlike) && (ran?.layers.every(isAlike) ?? true),
    layers: ran?.layers,
    divergence: ran?.divergence,
  };
}
