/**
 * Do two runtimes take the same training step? Losses and gradients are compared with each other. Every update is compared with what
 * Adam makes of the gradients: after - before = -rate move, with move = m / (1 - beta1^t) / (sqrt(v / (1 - beta2^t)) + eps).
 */
import { TlxError } from "@tlx/kernels";
import type { ByPath, CheckedStep, StepContestant, StepSetup } from "./step-setup.js";

/** Of losses from equal weights. */
const LOSS_TOLERANCE = 1e-3;
/** Of Adam, as every contestant has it. */
const [BETA1, BETA2, EPS] = [0.9, 0.999, 1e-8];
/** Of a move, which is about 1: float32 has 1 - beta2 to 3e-5, and all else to less. */
const MOVE_TOLERANCE = 1e-4;
/** Of a param that is stored as float32, relative. */
const ROUNDING = 2 ** -24;

/** How far two runtimes may lie apart. */
export interface StepTolerance {
  /** Length of the difference over the length of a gradient. */
  readonly gradient: number;
  /** Of the loss after an update: Adam's first step follows the sign of a gradient, however small it is. */
  readonly updated: number;
}

type Refuse = (what: string) => never;

/**
 * Losses before and after an update must agree, and the gradients: the length of the difference over that of the gradient, or of the
 * one beside it of the same layer where that is longer, is within `tolerance` for every param. Two updates of each must be those of
 * its own gradients. Says how near they are; throws E_VERIFY.
 */
export async function verifyStep(
  name: string,
  start: Pick<StepSetup, "tail" | "learningRate">,
  tlx: Pick<StepContestant, "check">,
  peer: Pick<StepContestant, "check">,
  tolerance: StepTolerance,
): Promise<string> {
  const refuse: Refuse = (what) => {
    throw new TlxError("E_VERIFY", `${name}: ${what}; not timed`);
  };
  const sameLoss = (at: string, ours: number, theirs: number, limit: number): void => {
    if (Math.abs(ours - theirs) <= limit * Math.abs(theirs)) return;
    refuse(`the losses ${at} disagree (${ours} and ${theirs})`);
  };
  const ours = await tlx.check();
  const theirs = await peer.check();
  sameLoss("at the start", ours[0].loss, theirs[0].loss, LOSS_TOLERANCE);
  sameLoss("after an update", ours[1].loss, theirs[1].loss, tolerance.updated);
  const worst = compareGradients(ours[0].gradients, theirs[0].gradients, tolerance.gradient, refuse);
  const before = new Map([...start.tail.weights].map(([path, { data }]) => [path, data]));
  for (const steps of [ours, theirs]) checkUpdates(before, steps, start.learningRate, refuse);
  return `loss ${ours[0].loss.toFixed(4)}, ${theirs[0].gradients.size} gradients and two updates checked, worst ${worst.path} ${worst.error.toExponential(1)}`;
}

function compareGradients(
  ours: ByPath,
  theirs: ByPath,
  tolerance: number,
  refuse: Refuse,
): { readonly path: string; readonly error: number } {
  if (ours.size !== theirs.size) refuse(`there are gradients of ${ours.size} and of ${theirs.size} params`);
  const lengths = new Map([...theirs].map(([path, g]) => [path, lengthOf(g.length, (i) => g[i]!)]));
  let worst = { path: "", error: 0 };
  for (const [path, gradient] of theirs) {
    const found = ours.get(path)!;
    // A bias before a batch norm has no gradient but rounding; nor has a norm's weight whose scale the next norm undoes.
    const beside =
      lengths.get(path.endsWith(".bias") ? `${path.slice(0, -5)}.weight` : `${path.slice(0, -7)}.bias`) ?? 0;
    const length = Math.max(lengths.get(path)!, beside);
    const error = lengthOf(gradient.length, (i) => found[i]! - gradient[i]!) / length;
    if (!(error <= tolerance)) refuse(`the gradients of "${path}" disagree (relative error ${error})`);
    if (error >= worst.error) worst = { path, error };
  }
  return worst;
}

/** Every element of every param after each of the steps. */
function checkUpdates(start: ByPath, steps: readonly CheckedStep[], learningRate: number, refuse: Refuse): void {
  for (const [path, first] of steps[0]!.updated) {
    const m = new Float64Array(first.length);
    const v = new Float64Array(first.length);
    let before = start.get(path)!;
    for (const [t, { gradients, updated }] of steps.entries()) {
      const [gradient, after] = [gradients.get(path)!, updated.get(path)!];
      const [unbias1, unbias2] = [1 - BETA1 ** (t + 1), 1 - BETA2 ** (t + 1)];
      for (let i = 0; i < first.length; i++) {
        m[i] = BETA1 * m[i]! + (1 - BETA1) * gradient[i]!;
        v[i] = BETA2 * v[i]! + (1 - BETA2) * gradient[i]! ** 2;
        const move = m[i]! / unbias1 / (Math.sqrt(v[i]! / unbias2) + EPS);
        const found = (before[i]! - after[i]!) / learningRate;
        const stored = (ROUNDING * Math.max(Math.abs(before[i]!), Math.abs(after[i]!))) / learningRate;
        if (Math.abs(found - move) <= stored + MOVE_TOLERANCE) continue;
        refuse(
          `step ${t + 1} moves element ${i} of "${path}" by ${-found} learning rates, its gradients by ${-move} (allowed ${stored + MOVE_TOLERANCE})`,
        );
      }
      before = after;
    }
  }
}

/** NaN anywhere gives NaN. */
function lengthOf(size: number, valueAt: (i: number) => number): number {
  let squares = 0;
  for (let i = 0; i < size; i++) squares += valueAt(i) ** 2;
  return Math.sqrt(squares);
}
