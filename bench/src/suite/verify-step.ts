import { TlxError } from "@tlx/kernels";
import type { StepContestant } from "./step-setup.js";

/** Of losses from equal weights. */
const LOSS_TOLERANCE = 1e-3;

/** How far two runtimes may lie apart. */
export interface StepTolerance {
  /** Length of the difference over the length of a gradient. */
  readonly gradient: number;
  /** Of the loss after an update: Adam's first step follows the sign of a gradient, however small it is. */
  readonly updated: number;
}

/**
 * Losses before and after an update must agree, and the gradients: the length of the difference over that of the gradient, or of the
 * one beside it of the same layer where that is longer, is within `tolerance` for every param. Both are two steps on then. Says how near they are; throws E_VERIFY.
 */
export async function verifyStep(
  name: string,
  tlx: StepContestant,
  peer: StepContestant,
  tolerance: StepTolerance,
): Promise<string> {
  const refuse = (what: string): never => {
    throw new TlxError("E_VERIFY", `${name}: ${what}; not timed`);
  };
  const sameLoss = (at: string, ours: number, theirs: number, limit = LOSS_TOLERANCE): void => {
    if (Math.abs(ours - theirs) <= limit * Math.abs(theirs)) return;
    refuse(`the losses ${at} disagree (${ours} and ${theirs})`);
  };
  const ours = await tlx.check();
  const theirs = await peer.check();
  sameLoss("at the start", ours.loss, theirs.loss);
  const lengths = new Map([...theirs.gradients].map(([path, g]) => [path, lengthOf(g.length, (i) => g[i]!)]));
  if (ours.gradients.size !== theirs.gradients.size) {
    refuse(`there are gradients of ${ours.gradients.size} and of ${theirs.gradients.size} params`);
  }
  let worst = { path: "", error: 0 };
  for (const [path, gradient] of theirs.gradients) {
    const found = ours.gradients.get(path)!;
    // A bias before a batch norm has no gradient but rounding; nor has a norm's weight whose scale the next norm undoes.
    const beside =
      lengths.get(path.endsWith(".bias") ? `${path.slice(0, -5)}.weight` : `${path.slice(0, -7)}.bias`) ?? 0;
    const length = Math.max(lengths.get(path)!, beside);
    const error = lengthOf(gradient.length, (i) => found[i]! - gradient[i]!) / length;
    if (!(error <= tolerance.gradient)) refuse(`the gradients of "${path}" disagree (relative error ${error})`);
    if (error >= worst.error) worst = { path, error };
  }
  sameLoss("of the first step", await tlx.step(), await peer.step());
  sameLoss("after an update", await tlx.step(), await peer.step(), tolerance.updated);
  return `loss ${ours.loss.toFixed(4)}, ${theirs.gradients.size} gradients and an update checked, worst ${worst.path} ${worst.error.toExponential(1)}`;
}

/** NaN anywhere gives NaN. */
function lengthOf(size: number, valueAt: (i: number) => number): number {
  let squares = 0;
  for (let i = 0; i < size; i++) squares += valueAt(i) ** 2;
  return Math.sqrt(squares);
}
