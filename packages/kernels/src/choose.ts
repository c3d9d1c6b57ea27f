import { TlxError } from "./errors.js";
import type { Capabilities } from "./gpu/capabilities.js";
import type { Op, Problem, Variant } from "./op.js";
import { formatSpec } from "./spec.js";

/** Kernel choices forced by the caller: op name -> variant name. */
export type ForcedVariants = Readonly<Record<string, string>>;

/**
 * Which variant runs: the forced one if it fits, else the first that fits and suits, else the last one, which always fits.
 * Throws E_USAGE when a forced name does not exist or does not fit.
 */
export function chooseVariant<P>(
  op: Op<P>,
  problem: Problem<P>,
  caps: Capabilities,
  forced: ForcedVariants = {},
): Variant<P> {
  const fitting = op.variants.filter((v) => v.fits(problem, caps));
  const name = Object.hasOwn(forced, op.name) ? forced[op.name] : undefined;
  if (name !== undefined) {
    const variant = fitting.find((v) => v.name === name);
    if (variant) return variant;
    const shapes = problem.inputs.map(formatSpec).join(", ");
    throw new TlxError(
      "E_USAGE",
      `${op.name}: variant "${name}" was forced, but for (${shapes}) on this adapter only ${fitting.map((v) => `"${v.name}"`).join(", ")} can run`,
    );
  }
  const best = fitting.find((v) => v.suits?.(problem, caps) ?? true) ?? fitting.at(-1);
  if (!best) throw new TlxError("E_LIMIT", `${op.name}: no variant fits ${problem.inputs.map(formatSpec).join(", ")}`);
  return best;
}
