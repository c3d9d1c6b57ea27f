/** The distinct problems of graphs, and which kernel choices are of any meaning for them. */
import {
  type AnyOp,
  allDispatches,
  type Capabilities,
  type Choice,
  chooseVariant,
  fittingVariants,
  type KernelChoices,
  type Lowered,
  type Problem,
  problemKey,
  type Variant,
  type VariantSettings,
} from "@tlx/kernels";
import type { Graph } from "../graph/graph.js";
import { seedFor } from "../init.js";
import { constantsOf, problemOf } from "../program/constants.js";
import { splitBatch } from "../program/lower.js";

/** A problem that one or more nodes have. */
export interface GraphProblem {
  readonly key: string;
  readonly op: AnyOp;
  readonly problem: Problem<unknown>;
  /** "half" where that is allowed and the op has variants of it. */
  readonly precision?: "half";
  /** Nodes that have it. */
  readonly count: number;
}

/** The problems of `graphs` as programs lower them: where a batch has to be split, those of its parts. */
export function problemsOf(graphs: readonly Graph[], caps: Capabilities, allowed?: "half"): GraphProblem[] {
  const found = new Map<string, GraphProblem>();
  for (const graph of graphs.map((whole) => splitBatch(whole, caps))) {
    const constants = constantsOf(graph);
    const all = graph.nodes.flatMap((node) => {
      const problem = problemOf(node, constants);
      const cut = graph.large?.cut(node, problem, caps.maxStorageBufferBindingSize);
      return cut ? cut.pieces.map((p) => ({ op: p.op ?? node.op, problem: p.problem })) : [{ op: node.op, problem }];
    });
    for (const { op, problem } of all) {
      const key = problemKey(op, problem, allowed);
      const precision = op.variants.some((v) => v.precision) ? allowed : undefined;
      found.set(key, { key, op, problem, count: (found.get(key)?.count ?? 0) + 1, ...(precision && { precision }) });
    }
  }
  return [...found.values()];
}

/** A variant with one of its settings, or without any where it has none. */
export interface Candidate extends Choice {
  lower(): Lowered;
}

/** Everything that can compute a problem on this device, the default first and what every problem fits last. */
export function candidatesOf({ op, problem, precision }: GraphProblem, caps: Capabilities): Candidate[] {
  const make = (variant: Variant<unknown>, settings: VariantSettings | undefined): Candidate => ({
    variant: variant.name,
    ...(settings && { settings }),
    lower: () => variant.lower(problem, caps, settings),
  });
  const all = fittingVariants(op, problem, caps, precision).flatMap((variant) =>
    (variant.settings?.(problem, caps) ?? [undefined]).map((s) => make(variant, s)),
  );
  const first = chooseVariant(op, problem, caps, { precision });
  const isFirst = (c: Candidate): boolean => sameChoice(c, { variant: first.variant.name, settings: first.settings });
  return [...all.filter(isFirst), ...all.filter((c) => !isFirst(c))];
}

type AnyChoice = { readonly variant: string; readonly settings?: VariantSettings | undefined };

/** "tile rows=32 columns=16" */
export const formatChoice = ({ variant, settings = {} }: AnyChoice): string =>
  [
    variant,
    ...Object.keys(settings)
      .sort()
      .map((name) => `${name}=${settings[name]}`),
  ].join(" ");

export const sameChoice = (a: AnyChoice, b: AnyChoice): boolean => formatChoice(a) === formatChoice(b);

/** What was found to be the fastest, with a digest of the kernels that were timed. */
export interface TunedChoice extends Choice {
  readonly kernels: string;
}

/** Digest of the text of all kernels of a lowered problem. */
export function digestKernels(lowered: Lowered): string {
  const text = allDispatches(lowered)
    .map(({ kernel }) => kernel.code)
    .join("\n");
  return [1, 2].map((seed) => seedFor(seed, text).toString(16).padStart(8, "0")).join("");
}

/** Those of `tuned` that `graphs` have a use for and whose kernels are still those that were timed. */
export function choicesFor(
  graphs: readonly Graph[],
  tuned: ReadonlyMap<string, TunedChoice>,
  caps: Capabilities,
  allowed?: "half",
): Map<string, TunedChoice> {
  const found = new Map<string, TunedChoice>();
  if (tuned.size === 0) return found;
  for (const { key, op, problem, precision } of problemsOf(graphs, caps, allowed)) {
    const choice = tuned.get(key);
    if (!choice) continue;
    const { variant, settings } = chooseVariant(op, problem, caps, { choices: tuned, precision });
    if (!sameChoice(choice, { variant: variant.name, settings })) continue;
    if (digestKernels(variant.lower(problem, caps, settings)) === choice.kernels) found.set(key, choice);
  }
  return found;
}

/** Those of `choices` by which `graph` is computed with other kernels than without any: they decide bits of its results. */
export function decisiveChoices(graph: Graph, choices: KernelChoices, caps: Capabilities): Map<string, Choice> {
  const found = new Map<string, Choice>();
  if (choices.size === 0) return found;
  for (const { key, op, problem } of problemsOf([graph], caps)) {
    const [wanted, usual] = [choices, undefined].map((given) => chooseVariant(op, problem, caps, { choices: given }));
    const [a, b] = [wanted!, usual!].map(({ variant, settings }) => ({
      variant: variant.name,
      ...(settings && { settings }),
    }));
    if (!sameChoice(a!, b!)) found.set(key, a!);
  }
  return found;
}
