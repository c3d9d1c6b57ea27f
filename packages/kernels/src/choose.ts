/** Which variant computes a problem, and with which settings. */
import { TlxError } from "./errors.js";
import type { Capabilities } from "./gpu/capabilities.js";
import type { Op, Problem, Variant, VariantSettings } from "./op.js";
import { formatSpec } from "./spec.js";

/** Kernel choices forced by the caller: op name -> variant name. */
export type ForcedVariants = Readonly<Record<string, string>>;

/** What was found to be the fastest; without settings the variant's default. */
export interface Choice {
  readonly variant: string;
  readonly settings?: VariantSettings;
}

/** Choices by `problemKey`. */
export type KernelChoices = ReadonlyMap<string, Choice>;

export interface ChooseOptions {
  readonly forced?: ForcedVariants;
  readonly choices?: KernelChoices;
  /** "half" allows variants that round factors to float16, which then come first. Left out: float32 only. */
  readonly precision?: "half";
}

/** A variant and what to lower it with: undefined when it has no settings. */
export interface Chosen<P> {
  readonly variant: Variant<P>;
  readonly settings: VariantSettings | undefined;
}

/** JSON with the keys of every object in alphabetical order. */
const canonical = (value: unknown): string =>
  JSON.stringify(value, (_, v: unknown) =>
    typeof v === "object" && v !== null && !Array.isArray(v)
      ? Object.fromEntries(Object.entries(v).sort(([a], [b]) => (a < b ? -1 : 1)))
      : v,
  );

/**
 * Equal for problems that the same variants compute and lower alike: op, input specs, parameters, constant inputs, and half
 * precision where the op has variants of it, as text.
 */
export const problemKey = <P>(
  { name, variants }: Op<P>,
  { inputs, params, constant = [] }: Problem<P>,
  precision?: "half",
): string =>
  [
    `${name}(${inputs.map(formatSpec).join(", ")}) ${canonical(params)}`,
    ...(constant.length > 0 ? [`constant ${canonical(constant)}`] : []),
    ...(precision && variants.some((v) => v.precision) ? [precision] : []),
  ].join(" ");

/** What a device may compute an op with: what it was handed, then what every device has. */
export const variantsOf = <P>(op: Op<P>, { variants = {} }: Pick<Capabilities, "variants">): readonly Variant<P>[] => [
  ...(variants[op.name] ?? []),
  ...op.variants,
];

/** Those that can compute a problem on a device, in a precision that is allowed: the lower one first. */
export function fittingVariants<P>(
  op: Op<P>,
  problem: Problem<P>,
  caps: Capabilities,
  precision?: "half",
): Variant<P>[] {
  const fitting = variantsOf(op, caps).filter((v) => v.fits(problem, caps));
  const of = (wanted?: "half"): Variant<P>[] => fitting.filter((v) => v.precision === wanted);
  return precision ? [...of(precision), ...of()] : of();
}

/** The settings `variant` would run with: `wanted` where it is one of its own, the default where nothing is wanted. */
function settingsOf<P>(
  variant: Variant<P>,
  problem: Problem<P>,
  caps: Capabilities,
  wanted: VariantSettings | undefined,
): Chosen<P> | undefined {
  const own = variant.settings?.(problem, caps);
  if (wanted === undefined) return { variant, settings: own?.[0] };
  const key = canonical(wanted);
  const settings = own?.find((s) => canonical(s) === key);
  return settings && { variant, settings };
}

/**
 * The forced variant if there is one, else the choice for this problem, else the first variant that fits and suits, else
 * the last one, which always fits. A choice that this device cannot run is as good as none: it is of another one.
 * Throws E_USAGE when a forced name does not exist or does not fit.
 */
export function chooseVariant<P>(
  op: Op<P>,
  problem: Problem<P>,
  caps: Capabilities,
  { forced = {}, choices, precision }: ChooseOptions = {},
): Chosen<P> {
  const fitting = fittingVariants(op, problem, caps, precision);
  const find = (name: string, wanted?: VariantSettings): Chosen<P> | undefined => {
    const variant = fitting.find((v) => v.name === name);
    return variant && settingsOf(variant, problem, caps, wanted);
  };
  const name = Object.hasOwn(forced, op.name) ? forced[op.name] : undefined;
  if (name !== undefined) {
    const found = find(name);
    if (found) return found;
    const shapes = problem.inputs.map(formatSpec).join(", ");
    throw new TlxError(
      "E_USAGE",
      `${op.name}: variant "${name}" was forced, but for (${shapes}) in ${precision ?? "float32"} precision on this adapter only ${fitting.map((v) => `"${v.name}"`).join(", ")} can run`,
    );
  }
  const choice = choices?.get(problemKey(op, problem, precision));
  const chosen = choice && find(choice.variant, choice.settings);
  if (chosen) return chosen;
  const best = fitting.find((v) => v.suits?.(problem, caps) ?? true) ?? fitting.at(-1);
  if (!best) throw new TlxError("E_LIMIT", `${op.name}: no variant fits ${problem.inputs.map(formatSpec).join(", ")}`);
  return settingsOf(best, problem, caps, undefined)!;
}
