/**
 * A training step of MobileNetV2 with all layers, the last three blocks or the head trained, and of tlx-nano and ResNet-50 with all layers.
 * A frozen part runs in every step, or, "-features", its results are given, as in training on cached features. Batch norms are folded, or learn with the
 * statistics of the batch: "all-batch-norms", as from scratch.
 */
import { type ForcedVariants, type Gpu, TlxError } from "@tlx/kernels";
import { records } from "@tlx/kernels/testing";
import { fuseTraining } from "@tlx/nn";
import type { StepWork } from "../peer-work.js";
import { portableGraph } from "../portable.js";
import { type Contestant, contest, noiseOf, type Timing } from "./contest.js";
import type { CaseFindings, SuiteCase, SuiteContext } from "./context.js";
import { confirmPeers, enterPeers, guestsOf, type PeerEntry, peerColumns } from "./peer-entry.js";
import type { Result } from "./result.js";
import { seededCheckpoint } from "./seeded-network.js";
import {
  type ByPath,
  type CheckedStep,
  hasKinks,
  type StepCase,
  type StepContestant,
  type StepSetup,
  setUpStep,
  withoutKinks,
} from "./step-setup.js";
import { type TlxStep, tlxStep } from "./step-tlx.js";
import type { PreparedPeerWork, SuitePeer } from "./suite-peer.js";
import { type StepTolerance, verifyStep } from "./verify-step.js";

/** Without activations nothing hides an error but rounding. */
const SMOOTH: StepTolerance = { gradient: 1e-3, updated: 1e-3 };
/** Of a hundred million values some are rounded to different sides of a kink, and each moves all gradients below. */
const KINKED: StepTolerance = { gradient: 5e-2, updated: 1e-2 };

/** By as much losses of two runtimes differ, and may have fallen by less. */
const RISE = 1e-3;

const BATCH = 8;
/** Of a network whose step takes a software adapter seconds, and its peers minutes. */
const LARGE_BATCH = 2;

type Trained = Pick<StepCase, "name" | "live"> & { readonly unfreeze: string; readonly batchNorms?: boolean };

const whole: readonly Trained[] = [
  { name: "all", unfreeze: "all", live: false },
  { name: "all-batch-norms", unfreeze: "all", live: false, batchNorms: true },
];
const partly: readonly Trained[] = [
  { name: "last:3", unfreeze: "last:3", live: true },
  { name: "last:3-features", unfreeze: "last:3", live: false },
  { name: "head", unfreeze: "head", live: true },
  { name: "head-features", unfreeze: "head", live: false },
];

/** The plain variants: of all there are, the ones that were written to be read. */
const plain: ForcedVariants = Object.fromEntries(records.map(({ op }) => [op.name, op.variants.at(-1)!.name]));

function caseOf(
  network: string,
  { name: part, unfreeze, live, batchNorms = false }: Trained,
  batch: number = BATCH,
): SuiteCase {
  const name = `${network}/train/${part}/b${batch}`;
  return {
    quick: part === "head-features",
    names: () => [name],
    run: (context) => {
      const settings = { batch, unfreeze, ...(batchNorms && { batchNorm: "train" as const }) };
      const checkpoint = batchNorms ? "none" : seededCheckpoint(network);
      return benchStep(context, { name, network, checkpoint, settings, live });
    },
  };
}

export const trainCases: readonly SuiteCase[] = [
  ...[...whole, ...partly].map((step) => caseOf("mobilenet-v2", step)),
  ...whole.map((step) => caseOf("tlx-nano", step)),
  ...whole.map((step) => caseOf("resnet-50", step, LARGE_BATCH)),
];

export const stepWork = ({
  prefix,
  cut,
  tail,
  trainable,
  input,
  labels,
  classes,
  learningRate,
}: StepSetup): StepWork => ({
  ...{ kind: "step", cut, labels, classes, learningRate, trainable: [...trainable] },
  prefix: prefix && portableGraph(prefix),
  tail: portableGraph(fuseTraining(tail)),
  input: input.data as Float32Array,
});

/** A peer's prepared step; what its first steps computed came with it. */
export function contestantOf({ outputs, run, dispose }: PreparedPeerWork): StepContestant {
  const named = (prefix: string): ByPath =>
    new Map([...outputs].flatMap(([name, v]) => (name.startsWith(prefix) ? [[name.slice(prefix.length), v]] : [])));
  const step = (n: number): CheckedStep => ({
    loss: outputs.get(`loss ${n}`)![0]!,
    gradients: named(`gradient ${n} `),
    updated: named(`updated ${n} `),
  });
  return {
    check: async () => [step(1), step(2)],
    run: async () => (await run()).ms,
    dispose,
  };
}

async function disposing<T extends { dispose(): void | Promise<void> }, R>(
  made: T,
  use: (made: T) => Promise<R>,
): Promise<R> {
  try {
    return await use(made);
  } finally {
    await made.dispose();
  }
}

/** The step with the kernels that tlx chooses against the one with plain kernels. Throws E_VERIFY. */
async function verifyKernels(gpu: Gpu, name: string, setup: StepSetup, tolerance: StepTolerance): Promise<string> {
  return disposing(await tlxStep(gpu, setup), async (ours) =>
    disposing(await tlxStep(gpu, setup, plain), (other) => verifyStep(name, setup, ours, other, tolerance)),
  );
}

async function benchStep(context: SuiteContext, one: StepCase): Promise<CaseFindings> {
  const { gpu } = context;
  const { name } = one;
  const setup = await setUpStep(gpu, one);
  // Without activations a batch norm undoes what the one before it scales, whose gradient then is rounding alone.
  const smooth = one.settings.batchNorm === "train" ? undefined : withoutKinks(setup);
  const allowed = hasKinks(setup) ? KINKED : SMOOTH;
  if (smooth) context.say(`${name}, without activations: ${await verifyKernels(gpu, name, smooth, SMOOTH)}`);
  context.say(`${name}: ${await verifyKernels(gpu, name, setup, allowed)}`);
  const peers: PeerEntry[] = [];
  const ours = await tlxStep(gpu, setup);
  try {
    const enter = (peer: SuitePeer): Promise<PeerEntry | string> =>
      enterPeer(gpu, peer, name, { setup, smooth, allowed });
    const skipped = await enterPeers(context, peers, name, enter);
    const own: Contestant = { name, run: ours.run };
    await ours.run();
    const atStart = await ours.loss();
    const [timing, again, ...rest] = await contest([own, own, ...guestsOf(context, peers)], context);
    const fault = lossFault(atStart, await ours.loss());
    if (fault !== undefined)
      throw new TlxError("E_VERIFY", `${name}: after it was timed ${fault}; its time is dropped`);
    skipped.push(
      ...(await confirmPeers(context, peers, name, (found) =>
        lossFault(atStart, found.get("loss")?.[0] ?? Number.NaN),
      )),
    );
    const result = await describe(ours, timing!, again!);
    return { results: [{ ...result, ...peerColumns(timing!.medianMs, peers, rest) }], skipped };
  } finally {
    ours.dispose();
    for (const { work } of peers) await work.dispose().catch(() => {});
  }
}

/** Small steps on one batch lower its loss, however many they are. */
const lossFault = (atStart: number, now: number): string | undefined =>
  now <= (1 + RISE) * atStart ? undefined : `the loss rose from ${atStart} to ${now}`;

/** A peer that agrees with tlx about losses, gradients and updates, with activations and without; else why not. */
async function enterPeer(
  gpu: Gpu,
  peer: SuitePeer,
  name: string,
  { setup, smooth, allowed }: { setup: StepSetup; smooth: StepSetup | undefined; allowed: StepTolerance },
): Promise<PeerEntry | string> {
  const agree = async (about: StepSetup, work: PreparedPeerWork, tolerance: StepTolerance): Promise<void> => {
    const theirs = contestantOf(work);
    await disposing(await tlxStep(gpu, about), (ours) => verifyStep(name, about, ours, theirs, tolerance));
  };
  if (smooth) {
    const work = await peer.prepare(stepWork(smooth));
    if ("cannot" in work) return work.cannot;
    await disposing(work, () => agree(smooth, work, SMOOTH));
  }
  const work = await peer.prepare(stepWork(setup));
  if ("cannot" in work) return work.cannot;
  try {
    await agree(setup, work, allowed);
  } catch (error) {
    await work.dispose();
    throw error;
  }
  return { peer, work, times: 1 };
}

async function describe(ours: TlxStep, timing: Timing, again: Timing): Promise<Omit<Result, "ratios" | "peers">> {
  const { plannedBytes, unplannedBytes, optimizerBytes } = ours.cost;
  const stages = await ours.profile();
  return {
    ...timing,
    ...{ checked: true, noise: noiseOf(timing, again) },
    ...{ dispatches: ours.dispatches, plannedBytes, unplannedBytes },
    figures: {
      optimizerBytes,
      ...(stages && {
        gpuForwardMs: stages.prefix + stages.forward,
        gpuBackwardMs: stages.backward,
        gpuUpdateMs: stages.update,
      }),
    },
  };
}
