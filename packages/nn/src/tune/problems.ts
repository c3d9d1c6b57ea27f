/** The distinct problems of graphs, and which kernel choices are of any meaning for them. */
import {
  type AnyOp,
  type Capabilities,
  type Choice,
  chooseVariant,
  type KernelChoices,
  type Lowered,
  type Problem,
  problemKey,
  type Variant,
  type VariantSettings,
} from "@tlx/kernels";
import type { Graph } from "../graph/graph.js";
import { seedFor } from "../init.js";
import { splitBatch } from "../program/lower.js";

/** A problem that one or more nodes have. */
export interface GraphProblem {
  readonly key: string;
  readonly op: AnyOp;
  readonly problem: Problem<unknown>;
  /** Nodes that have it. */
  readonly count: number;
}

/** The problems of `graphs` as programs lower them: where a batch has to be split, those of its parts. */
export function problemsOf(graphs: readonly Graph[], caps: Capabilities): GraphProblem[] {
  const found = new Map<string, GraphProblem>();
  for (const { op, inputs, outputs, params } of graphs.flatMap((graph) => splitBatch(graph, caps).nodes)) {
    const problem = { inputs: inputs.map((v) => v.spec), outputs: outputs.map((v) => v.spec), params };
    const key = problemKey(op, problem);
    found.set(key, { key, op, problem, count: (found.get(key)?.count ?? 0) + 1 });
  }
  return [...found.values()];
}

/** A variant with one of its settings, or without any where it has none. */
export interface Candidate extends Choice {
  lower(): Lowered;
}

/** Everything that can compute a problem on this device, the default first and what every problem fits last. */
export function candidatesOf({ op, problem }: GraphProblem, caps: Capabilities): Candidate[] {
  const make = (variant: Variant<unknown>, settings: VariantSettings | undefined): Candidate => ({
    variant: variant.name,
    ...(settings && { settings }),
    lower: () => variant.lower(problem, caps, settings),
  });
  const all = op.variants
    .filter((variant) => variant.fits(problem, caps))
    .flatMap((variant) => (variant.settings?.(problem, caps) ?? [undefined]).map((s) => make(variant, s)));
  const first = chooseVariant(op, problem, caps);
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
export function digestKernels({ dispatches }: Lowered): string {
  const text = dispatches.map(({ kernel }) => kernel.code).join("\n");
  return [1, 2].map((seed) => seedFor(seed, text).toString(16).padStart(8, "0")).join("");
}

/** Those of `tuned` that `graphs` have a use for and whose kernels are still those that were timed. */
export function choicesFor(
  graphs: readonly Graph[],
  tuned: ReadonlyMap<string, TunedChoice>,
  caps: Capabilities,
): Map<string, TunedChoice> {
  const found = new Map<string, TunedChoice>();
  if (tuned.size === 0) return found;
  for (const { key, op, problem } of problemsOf(graphs, caps)) {
    const choice = tuned.get(key);
    if (!choice) continue;
    const { variant, settings } = chooseVariant(op, problem, caps, { choices: tuned });
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
