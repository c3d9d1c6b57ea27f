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
import type { SuiteCase, SuiteContext } from "../suite/context.js";
import type { NamedReason, PeerTime, Result } from "../suite/result.js";
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

interface JobPeer {
  readonly peer: SuitePeer;
  readonly work: PreparedPeerWork;
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
  const skipped: NamedReason[] = [];
  const peers: JobPeer[] = [];
  const empty: JobRun[] = [];
  const cached: JobRun[] = [];
  try {
    const work = workOf(checkpoint, data, completeSettings());
    for (const peer of context.peers) await enterPeer(gpu, peer, work, peers, skipped);
    // The first round warms up, and its accuracies are compared.
    for (let round = 0; round <= ROUNDS; round++) {
      context.signal?.throwIfAborted();
      say(`${EMPTY}: round ${round} of ${ROUNDS}`);
      const [first, again] = await tlxTwice(gpu, checkpoint, data);
      if (round > 0) {
        empty.push(first);
        cached.push(again);
      }
      for (const entry of [...peers]) {
        const found = (await entry.work.run(1)).figures as unknown as JobRun;
        if (round > 0) entry.runs.push(found);
        else if (!(Math.abs(first.accuracy - found.accuracy) <= ACCURACY_TOLERANCE)) {
          const reason = `accuracies disagree (${first.accuracy} and ${found.accuracy}); not timed`;
          skipped.push({ name: `${EMPTY} by ${entry.peer.name}`, reason });
          peers.splice(peers.indexOf(entry), 1);
          await entry.work.dispose();
        }
      }
    }
  } finally {
    for (const { work } of peers) await work.dispose().catch(() => {});
  }
  const results = [describe(EMPTY, empty, peers), describe(CACHED, cached, [])];
  return { results: results.filter(({ name }) => isWanted(name)), skipped };
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

async function enterPeer(
  gpu: Gpu,
  peer: SuitePeer,
  { base, ...work }: Work,
  into: JobPeer[],
  skipped: NamedReason[],
): Promise<void> {
  const name = `${EMPTY} by ${peer.name}`;
  try {
    const ready = await peer.prepare(work);
    if ("cannot" in ready) return void skipped.push({ name, reason: ready.cannot });
    await verifyFeatures(gpu, base, work.output, ready);
    into.push({ peer, work: ready, runs: [] });
  } catch (error) {
    gpu.assertUsable();
    if (!(error instanceof TlxError)) throw error;
    skipped.push({ name, reason: error.message });
  }
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

const totals = (runs: readonly JobRun[]): number[] => runs.map(({ featuresMs, headMs }) => featuresMs + headMs);

function describe(name: string, runs: readonly JobRun[], peers: readonly JobPeer[]): Result {
  const medianMs = median(totals(runs));
  const times = peers.map(({ peer, runs: own }): [string, PeerTime] => [
    peer.name,
    { medianMs: median(totals(own)), spread: spreadOf(totals(own)) },
  ]);
  return {
    ...{ name, medianMs, spread: spreadOf(totals(runs)), runs: runs.length, checked: true },
    ratios: Object.fromEntries(times.map(([peer, time]) => [peer, time.medianMs / medianMs])),
    peers: Object.fromEntries(times),
    figures: {
      featuresMs: median(runs.map((r) => r.featuresMs)),
      headMs: median(runs.map((r) => r.headMs)),
      accuracy: median(runs.map((r) => r.accuracy)),
    },
  };
}
