/**
 * The whole job of feature extraction, from picture files to a trained head: tlx with an empty cache of features, the same job
 * as a TensorFlow.js program on the same adapter, and tlx once more with the cache it left. `npm run bench -- job`
 */
import { mkdtempSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { type Gpu, TlxError } from "@tlx/kernels";
import { type Network, optimizeForInference, Program } from "@tlx/nn";
import {
  type Checkpoint,
  completeSettings,
  type Dataset,
  findModel,
  parseSafetensors,
  prepareJob,
} from "@tlx/transfer";
import { diskFeatures, imageFolder, readWeightsFile } from "@tlx/transfer/node";
import { type JobRun, reportJob } from "./job-report.js";
import { openTfjs } from "./peers/open-tfjs.js";
import { type TfjsJob, tfjsJob } from "./peers/tfjs-job.js";
import { relativeError } from "./protocol.js";
import { requirePath, sharedPath } from "./shared-path.js";
import { trainOnce } from "./train-once.js";

const TOLERANCE = 1e-3;
/** How far the accuracies may lie apart: the two resize with other filters and shuffle in other orders. */
const ACCURACY_TOLERANCE = 0.06;

export interface JobPaths {
  readonly data: string | undefined;
  readonly weights: string | undefined;
}

/** Runs the jobs in turn, `rounds` times after one round that checks and warms up. Throws E_VERIFY when they disagree. */
export async function benchJob(gpu: Gpu, paths: JobPaths, rounds: number): Promise<void> {
  const file = requirePath(paths.weights, sharedPath("weights", "mobilenet_v2.safetensors"), "--weights");
  const folder = requirePath(paths.data, sharedPath("data", "ants_bees"), "--data");
  const checkpoint = parseSafetensors(await readWeightsFile(file));
  const data = await imageFolder(folder);
  const settings = completeSettings();
  const model = findModel("mobilenet-v2");
  const { classes, train, val } = data;
  const { plan } = prepareJob({ model, checkpoint, classes, train, val, settings });
  const [base, output] = [plan.prefix!, plan.frontier[0]!.name];
  const runtime = await openTfjs(gpu);
  const peer = tfjsJob({ runtime, base, output, preprocess: model.preprocess, data, settings });
  await verifyFeatures(gpu, base, output, peer);

  const runs: Record<"tlx" | "tlx again" | "tfjs-webgpu", JobRun[]> = { tlx: [], "tlx again": [], "tfjs-webgpu": [] };
  for (let round = 0; round <= rounds; round++) {
    const [first, again] = await tlxTwice(gpu, checkpoint, data);
    const theirs = await peer.run();
    if (round === 0) {
      verifyAccuracy(first.accuracy, theirs.accuracy);
      continue;
    }
    runs.tlx.push(first);
    runs["tlx again"].push(again);
    runs["tfjs-webgpu"].push(theirs);
  }
  reportJob(gpu, `${path.basename(folder)}, ${data.train.length} + ${data.val.length} pictures`, settings, runs);
}

/** The job with an empty cache of features, and once more with what the first left there. */
async function tlxTwice(gpu: Gpu, checkpoint: Checkpoint, data: Dataset): Promise<[first: JobRun, again: JobRun]> {
  const cache = mkdtempSync(path.join(os.tmpdir(), "tlx-bench-features-"));
  try {
    const openFeatures = diskFeatures(cache);
    const first = await trainOnce({ gpu, checkpoint, data, openFeatures });
    const again = await trainOnce({ gpu, checkpoint, data, openFeatures });
    if (again.computed > 0 || again.accuracy !== first.accuracy) {
      throw new TlxError(
        "E_VERIFY",
        `tlx again: expected all features from the cache and accuracy ${first.accuracy}, found ${again.computed} computed and ${again.accuracy}`,
      );
    }
    return [first, again];
  } finally {
    rmSync(cache, { recursive: true, force: true });
  }
}

/** Both networks on one prepared batch: what differs in the job is the filter of the resize alone. */
async function verifyFeatures(gpu: Gpu, base: Network, output: string, peer: TfjsJob): Promise<void> {
  const { image, features } = await peer.firstBatch();
  const { graph, weights } = optimizeForInference(base);
  const program = await Program.compile(gpu, graph, weights, { label: "job" });
  try {
    program.write("image", image);
    program.run();
    const ours = (await program.read(output)).data as Float32Array;
    const error = relativeError(features, ours);
    if (!(features.length === ours.length && error <= TOLERANCE)) {
      throw new TlxError("E_VERIFY", `features disagree (relative error ${error}); not timed`);
    }
    console.error(`features of the first batch: checked, relative error ${error.toExponential(1)}`);
  } finally {
    program.dispose();
  }
}

function verifyAccuracy(ours: number, theirs: number): void {
  if (Math.abs(ours - theirs) > ACCURACY_TOLERANCE) {
    throw new TlxError("E_VERIFY", `accuracies disagree (${ours} and ${theirs}); not timed`);
  }
  console.error(`accuracy: checked, ${(100 * ours).toFixed(1)} % and ${(100 * theirs).toFixed(1)} %`);
}
