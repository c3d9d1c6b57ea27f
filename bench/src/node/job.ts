/**
 * The whole job of feature extraction, from picture files to a trained head: with an empty cache of features, with the cache
 * that this left, and by peers that can do it. Needs the weights and pictures of TLX_SHARED.
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
  type TrainSettings,
} from "@tlx/transfer";
import { diskFeatures, imageFolder, readWeightsFile } from "@tlx/transfer/node";
import type { JobWork } from "../peer-work.js";
import { portableGraph } from "../portable.js";
import { requirePath, sharedPath } from "../shared-path.js";
import { assertAgree } from "../suite/agree.js";
import type { Timing } from "../suite/contest.js";
import type { SuiteCase, SuiteContext } from "../suite/context.js";
import { enterPeers, faultsOf, type PeerEntry, peerColumns, reasonOf } from "../suite/peer-entry.js";
import type { NamedReason, Result } from "../suite/result.js";
import { median, spreadOf } from "../suite/statistics.js";
import type { PreparedPeerWork, SuitePeer } from "../suite/suite-peer.js";
import { trainOnce } from "../train-once.js";

const EMPTY = "job/ants-bees";
const CACHED = "job/ants-bees/cached";
const ROUNDS = 3;
const TOLERANCE = 1e-3;
/** How far the accuracies may lie apart: peers resize with other filters and shuffle in other orders. */
const ACCURACY_TOLERANCE = 0.06;

/** One run of the job. */
interface JobRun {
  readonly featuresMs: number;
  readonly headMs: number;
  /** On val, of the best epoch. */
  readonly accuracy: number;
}

interface JobPeer extends PeerEntry {
  readonly runs: JobRun[];
}

export const jobCase: SuiteCase = {
  quick: false,
  names: () => [EMPTY, CACHED],
  async run(context) {
    const weights = requirePath(undefined, sharedPath("weights", "mobilenet_v2.safetensors"), "TLX_SHARED");
    const data = await imageFolder(requirePath(undefined, sharedPath("data", "ants_bees"), "TLX_SHARED"));
    return benchJob(context, parseSafetensors(await readWeightsFile(weights)), data);
  },
};

async function benchJob(
  context: SuiteContext,
  checkpoint: Checkpoint,
  data: Dataset,
): Promise<{ readonly results: readonly Result[]; readonly skipped: readonly NamedReason[] }> {
  const { gpu, say, isWanted } = context;
  const peers: JobPeer[] = [];
  const empty: JobRun[] = [];
  const cached: JobRun[] = [];
  try {
    const work = workOf(checkpoint, data, completeSettings());
    const skipped = await enterPeers(context, peers, EMPTY, (peer) => enterPeer(gpu, peer, work));
    // The first round warms up.
    for (let round = 0; round <= ROUNDS; round++) {
      context.signal?.throwIfAborted();
      say(`${EMPTY}: round ${round} of ${ROUNDS}`);
      const [first, again] = await tlxTwice(gpu, checkpoint, data);
      if (round > 0) {
        empty.push(first);
        cached.push(again);
      }
      for (const entry of peers) {
        if (entry.fault === undefined) entry.fault = await runPeer(context, entry, first.accuracy, round > 0);
      }
    }
    skipped.push(...faultsOf(EMPTY, peers));
    const results = [describe(EMPTY, empty, peers), describe(CACHED, cached, [])];
    return { results: results.filter(({ name }) => isWanted(name)), skipped };
  } finally {
    for (const { work } of peers) await work.dispose().catch(() => {});
  }
}

/** One run of a peer's; why it is out after it, in words. */
async function runPeer(
  context: SuiteContext,
  { work, runs }: JobPeer,
  accuracy: number,
  counts: boolean,
): Promise<string | undefined> {
  try {
    const found = (await work.run(1)).figures as unknown as JobRun;
    if (counts) runs.push(found);
    if (Math.abs(accuracy - found.accuracy) <= ACCURACY_TOLERANCE) return undefined;
    return `accuracies disagree (${accuracy} and ${found.accuracy}); not timed`;
  } catch (error) {
    return `it failed while it was timed: ${reasonOf(context, error)}`;
  }
}

type Work = JobWork & { readonly base: Network };

function workOf(checkpoint: Checkpoint, { classes, train, val }: Dataset, settings: TrainSettings): Work {
  const model = findModel("mobilenet-v2");
  const { plan } = prepareJob({ model, checkpoint, classes, train, val, settings });
  const base = optimizeForInference(plan.prefix!);
  const { extractBatch, epochs, batch, learningRate } = settings;
  return {
    ...{
      kind: "job",
      base,
      network: portableGraph(base),
      output: plan.frontier[0]!.name,
      preprocess: model.preprocess,
    },
    ...{ train, val, classes: classes.length, extractBatch, epochs, batch, learningRate },
  };
}

async function enterPeer(gpu: Gpu, peer: SuitePeer, { base, ...work }: Work): Promise<JobPeer | string> {
  const ready = await peer.prepare(work);
  if ("cannot" in ready) return ready.cannot;
  try {
    await verifyFeatures(gpu, base, work.output, ready);
  } catch (error) {
    await ready.dispose();
    throw error;
  }
  return { peer, work: ready, times: 1, runs: [] };
}

/** Both networks on one prepared batch: what differs in the job is the filter of the resize alone. Throws E_VERIFY. */
async function verifyFeatures(
  gpu: Gpu,
  { graph, weights }: Network,
  output: string,
  { outputs }: PreparedPeerWork,
): Promise<void> {
  const program = await Program.compile(gpu, graph, weights, { label: "job" });
  try {
    program.write("image", outputs.get("image")!);
    program.run();
    assertAgree("features", outputs.get("features")!, (await program.read(output)).data as Float32Array, TOLERANCE);
  } finally {
    program.dispose();
  }
}

/** The job with an empty cache of features, and once more with what the first left there. Throws E_VERIFY. */
async function tlxTwice(gpu: Gpu, checkpoint: Checkpoint, data: Dataset): Promise<[first: JobRun, again: JobRun]> {
  const cache = mkdtempSync(path.join(os.tmpdir(), "tlx-bench-features-"));
  try {
    const openFeatures = diskFeatures(cache);
    const first = await trainOnce({ gpu, checkpoint, data, openFeatures });
    const again = await trainOnce({ gpu, checkpoint, data, openFeatures });
    if (again.computed === 0 && again.accuracy === first.accuracy) return [first, again];
    throw new TlxError(
      "E_VERIFY",
      `${CACHED}: expected all features from the cache and accuracy ${first.accuracy}, found ${again.computed} computed and ${again.accuracy}; not timed`,
    );
  } finally {
    rmSync(cache, { recursive: true, force: true });
  }
}

function timingOf(name: string, runs: readonly JobRun[]): Timing {
  const totals = runs.map(({ featuresMs, headMs }) => featuresMs + headMs);
  return { name, medianMs: median(totals), spread: spreadOf(totals), runs: runs.length };
}

function describe(name: string, runs: readonly JobRun[], peers: readonly JobPeer[]): Result {
  const timing = timingOf(name, runs);
  const theirs = peers.map((entry) => (entry.fault === undefined ? timingOf(entry.peer.name, entry.runs) : undefined));
  return {
    ...timing,
    checked: true,
    ...peerColumns(timing.medianMs, peers, theirs),
    figures: {
      featuresMs: median(runs.map((r) => r.featuresMs)),
      headMs: median(runs.map((r) => r.headMs)),
      accuracy: median(runs.map((r) => r.accuracy)),
    },
  };
}
