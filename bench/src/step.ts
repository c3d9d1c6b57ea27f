/**
 * A training step of MobileNetV2 with everything, the last three blocks or the head trained: memory, dispatches and time, beside
 * the same step by TensorFlow.js WebGPU, interleaved. `npm run bench -- step`
 */
import { existsSync } from "node:fs";
import { type Gpu, TlxError } from "@tlx/kernels";
import { type Checkpoint, parseSafetensors } from "@tlx/transfer";
import { readWeightsFile } from "@tlx/transfer/node";
import { openTfjs, type TfjsRuntime } from "./peers/open-tfjs.js";
import { tfjsStep } from "./peers/tfjs-step.js";
import { interleave } from "./protocol.js";
import { requirePath, sharedPath } from "./shared-path.js";
import { reportSteps, type StepResult } from "./step-report.js";
import { type StepCase, type StepContestant, type StepSetup, setUpStep, withoutKinks } from "./step-setup.js";
import { type TlxStep, tlxStep } from "./step-tlx.js";
import { type StepTolerance, verifyStep } from "./verify-step.js";

/** Without activations nothing hides an error but rounding. */
const SMOOTH: StepTolerance = { gradient: 1e-3, updated: 1e-3 };
/** Gradients behind a batch norm are small sums of large numbers, which the peer adds up one by one. */
const CANCELLING: StepTolerance = { gradient: 2e-2, updated: 1e-2 };
/** Of a hundred million values some are rounded to different sides of a kink, and each moves all gradients below. */
const KINKED: StepTolerance = { gradient: 5e-2, updated: 1e-2 };

export interface StepOptions {
  readonly weights: string | undefined;
  /** Height and width of the pictures. */
  readonly size: number;
  readonly batch: number;
  readonly rounds: number;
  /** Names of cases; all when empty. */
  readonly only: readonly string[];
}

/** Every case after its loss, gradients and update were checked; prints and saves. Throws E_VERIFY when one is wrong. */
export async function benchSteps(gpu: Gpu, options: StepOptions): Promise<void> {
  const { size, batch, rounds, only } = options;
  const cases = await listCases(options);
  const unknown = only.find((name) => !cases.some((c) => c.name === name));
  if (unknown) {
    const known = cases.map((c) => `"${c.name}"`).join(", ");
    throw new TlxError("E_USAGE", `step: there is no "${unknown}"; there are: ${known}`);
  }
  const runtime = await openTfjs(gpu);
  const results: StepResult[] = [];
  const wrong: TlxError[] = [];
  for (const one of cases.filter((c) => only.length === 0 || only.includes(c.name))) {
    try {
      results.push(await benchCase(gpu, runtime, one, rounds));
    } catch (error) {
      if (!(error instanceof TlxError && error.code === "E_VERIFY")) throw error;
      wrong.push(error);
    }
  }
  if (results.length > 0) reportSteps(gpu, { size, batch, rounds }, results);
  if (wrong.length > 0) throw new TlxError("E_VERIFY", wrong.map(({ message }) => message).join("\n"));
}

/** Weights with folded batch norms, and, where they are at hand, some with batch norms that learn. */
async function listCases({ weights, size, batch }: StepOptions): Promise<StepCase[]> {
  const load = async (file: string): Promise<Checkpoint> => parseSafetensors(await readWeightsFile(file));
  const folded = await load(requirePath(weights, sharedPath("weights", "mobilenet_v2.safetensors"), "--weights"));
  const all = { batch, inputSize: size, unfreeze: "all" };
  const last = { ...all, unfreeze: "last:3" };
  const head = { ...all, unfreeze: "head" };
  const about = { network: "mobilenet-v2", checkpoint: folded, live: false };
  const cases: StepCase[] = [
    { ...about, name: "all", settings: all },
    { ...about, name: "last:3", settings: last, live: true },
    { ...about, name: "last:3 on features", settings: last },
    { ...about, name: "head", settings: head, live: true },
    { ...about, name: "head on features", settings: head },
  ];
  const separate = sharedPath("weights", "mobilenet_v2_gluon_backbone.safetensors");
  if (!existsSync(separate)) return cases;
  const norms = { network: "mobilenet-v2-gluon", checkpoint: await load(separate), live: false };
  const batchNorm = "train";
  return [
    ...cases,
    { ...norms, name: "all, batch norms", settings: { ...all, batchNorm } },
    { ...norms, name: "last:3 on features, batch norms", settings: { ...last, batchNorm } },
  ];
}

async function benchCase(gpu: Gpu, runtime: TfjsRuntime, one: StepCase, rounds: number): Promise<StepResult> {
  const { name } = one;
  const setup = await setUpStep(gpu, one);
  const contest = async <T>(about: StepSetup, use: (tlx: TlxStep, peer: StepContestant) => Promise<T>): Promise<T> => {
    const tlx = await tlxStep(gpu, about);
    const peer = tfjsStep(runtime, about);
    try {
      return await use(tlx, peer);
    } finally {
      tlx.dispose();
      peer.dispose();
    }
  };
  const smooth = withoutKinks(setup);
  const rounding = one.settings.batchNorm === "train" ? CANCELLING : SMOOTH;
  if (smooth) await contest(smooth, (tlx, peer) => verifyStep(`${name}, without activations`, tlx, peer, rounding));
  return contest(setup, async (tlx, peer) => {
    await verifyStep(name, tlx, peer, smooth ? KINKED : rounding);
    const timings = await interleave(
      [
        { name: "tlx", run: () => tlx.run() },
        { name: "tfjs-webgpu", run: () => peer.run() },
      ],
      rounds,
    );
    const ratio = timings[1]!.median / timings[0]!.median;
    return { name, cost: tlx.cost, timings, ratio, stages: await tlx.profile() };
  });
}
