/** The two convolutions one after the other, each by the variant that suits it, with the expanded values between them. */
import { chooseVariant } from "../../choose.js";
import type { Capabilities } from "../../gpu/capabilities.js";
import type { Dispatch, Lowered, Op, Operand, Problem, Variant, VariantSettings } from "../../op.js";
import type { Spec } from "../../spec.js";
import type { ConvParams, WindowParams } from "../conv2d/geometry.js";
import { conv2d } from "../conv2d/op.js";
import { depthwiseConv2d } from "../depthwise-conv2d/op.js";
import {
  type Biased,
  biasAt,
  type ExpandDepthwiseParams,
  type ExpandDepthwiseProblem,
  expansionOf,
} from "./geometry.js";

/** One of the two convolutions, and which operands of this op its inputs are. */
interface Step<P> {
  readonly op: Op<P>;
  readonly problem: Problem<P>;
  readonly bound: readonly Operand[];
}

const EXPANDED: Operand = { scratch: 0 };

function stepOf<P>(
  op: Op<P>,
  given: ExpandDepthwiseProblem,
  biased: Biased,
  factors: readonly (readonly [Spec, Operand])[],
  params: P,
): Step<P> {
  const bias = biasAt(given.params, biased);
  const own = bias < 0 ? factors : [...factors, [given.inputs[bias]!, { input: bias }] as const];
  const inputs = own.map(([spec]) => spec);
  return {
    op,
    problem: { inputs, outputs: op.infer(inputs, params), params },
    bound: own.map(([, operand]) => operand),
  };
}

function expandStep(given: ExpandDepthwiseProblem): Step<ConvParams> {
  const [x, expand] = given.inputs as [Spec, Spec];
  const factors = [[x, { input: 0 }] as const, [expand, { input: 1 }] as const];
  const params: ConvParams = { ...expansionOf(given.params), activation: given.params.expandedActivation };
  return stepOf(conv2d, given, "expanded", factors, params);
}

function depthwiseStep(given: ExpandDepthwiseProblem, expanded: Spec): Step<WindowParams> {
  const { stride, pad, dilation, activation } = given.params;
  const factors = [[expanded, EXPANDED] as const, [given.inputs[2]!, { input: 2 }] as const];
  return stepOf(depthwiseConv2d, given, "result", factors, { stride, pad, dilation, activation });
}

/** The dispatches of a step that writes `y`; its own scratch comes after the `taken` values. */
function lowerStep<P>(
  { op, problem, bound }: Step<P>,
  caps: Capabilities,
  y: Operand,
  taken: readonly Spec[],
  wanted?: VariantSettings,
): Required<Pick<Lowered, "scratch" | "dispatches">> {
  const { variant, settings } = chooseVariant(op, problem, caps);
  const { dispatches, scratch = [] } = variant.lower(problem, caps, wanted ?? settings);
  const place = (operand: Operand): Operand => {
    if ("input" in operand) return bound[operand.input]!;
    if ("scratch" in operand) return { scratch: taken.length + operand.scratch };
    return "output" in operand ? y : operand;
  };
  const rebind = (d: Dispatch): Dispatch => ({
    ...d,
    bind: Object.fromEntries(Object.entries(d.bind).map(([name, operand]) => [name, place(operand)])),
  });
  return { scratch: [...taken, ...scratch], dispatches: dispatches.map(rebind) };
}

/** Settings of the variant that expands; `{}` where it has none. */
function settingsFor(given: ExpandDepthwiseProblem, caps: Capabilities): readonly VariantSettings[] {
  const { problem } = expandStep(given);
  const own = chooseVariant(conv2d, problem, caps).variant.settings?.(problem, caps) ?? [];
  return own.length > 0 ? own : [{}];
}

export const twoStep: Variant<ExpandDepthwiseParams> = {
  name: "two-step",
  fits: () => true,
  settings: settingsFor,
  lower(given, caps, settings = settingsFor(given, caps)[0]!) {
    const expand = expandStep(given);
    const expanded = expand.problem.outputs[0]!;
    const wanted = Object.keys(settings).length > 0 ? settings : undefined;
    const first = lowerStep(expand, caps, EXPANDED, [expanded], wanted);
    const second = lowerStep(depthwiseStep(given, expanded), caps, { output: 0 }, first.scratch);
    return { scratch: second.scratch, dispatches: [...first.dispatches, ...second.dispatches] };
  },
};
