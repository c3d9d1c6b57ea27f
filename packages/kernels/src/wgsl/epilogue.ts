/**
 * What a kernel does to a sum of products before it writes it, while it is in registers.
 *
 *   y[at] = end(sum * scale[c] + bias[c] + residual[at], at)
 *
 * where `end` is the activation, or with a gate its gradient: the value where gate[at], a result of the activation, is strictly
 * inside, else 0. What is left out counts as a scale of one, a bias and a residual of zero.
 *
 * Names    a kernel writes `epilogue(sum * scale_of(c) + bias_of(c), at)`; scale and bias are calls of their own so that it reads
 *          them once per channel. Of width four, it ends four neighbours at once, `at` being the first: a vector takes a
 *          software adapter less time to load than four numbers that lie apart from those of the next lane.
 */
import { check } from "../errors.js";
import type { Operand, Problem } from "../op.js";
import { f32, formatSpec, type Spec, sameSpec } from "../spec.js";
import { type Activation, activate, type Curve, codeOf, inside } from "./functions.js";
import type { BindingType } from "./source.js";
import { boundBy, type Width } from "./width.js";

/** What an epilogue reads. */
export type Extra = "scale" | "bias" | "residual" | "gate";

export interface EpilogueParams {
  readonly activation?: Activation | Curve;
  /** What the inputs after the second are, in their order. Left out: bias, then residual. */
  readonly extras?: readonly Extra[];
}

/** Bindings and functions of a kernel, and what a launch of it binds and is given as `args.activation`. */
export interface Epilogue {
  readonly bindings: Readonly<Record<string, BindingType>>;
  readonly functions: readonly string[];
  readonly bind: Readonly<Record<string, Operand>>;
  readonly activation: number;
  /** Does it read a value for every element of the result. */
  readonly readsElements: boolean;
}

/** The order of extras among the inputs. */
export const epilogueOrder: readonly Extra[] = ["scale", "bias", "residual", "gate"];
const usual: readonly Extra[] = ["bias", "residual"];

const perChannel = (name: "scale" | "bias", has: boolean): string => `
fn ${name}_of(channel: u32) -> f32 { return ${has ? `${name}[channel]` : name === "scale" ? "1.0" : "0.0"}; }
`;

/** The functions that differ by the width. */
function textsOf(width: Width) {
  const [type, zero, at] = width === 1 ? ["f32", "0.0", "at"] : ["vec4f", "vec4f()", "at / 4u"];
  /** `call` of each number of `v`. */
  const eachOf = (make: string, v: string, call: string): string =>
    width === 1
      ? `${call}(${v}, args.activation)`
      : `${make}(${["x", "y", "z", "w"].map((p) => `${call}(${v}.${p}, args.activation)`).join(", ")})`;
  const residual = (sum: string): string => `
fn with_residual(v: ${type}, at: u32) -> ${type} { return ${sum}; }
`;
  const epilogue = (ended: string): string => `
fn epilogue(v: ${type}, at: u32) -> ${type} { let r = with_residual(v, at); return ${ended}; }
`;
  return {
    noResidual: residual("v"),
    readResidual: residual(`v + residual[${at}]`),
    activated: epilogue(eachOf("vec4f", "r", "activate")),
    gateBy: `
fn gate_by(v: ${type}, g: ${type}) -> ${type} { return select(${zero}, v, ${eachOf("vec4<bool>", "g", "is_inside")}); }
`,
    gated: epilogue(`gate_by(r, gate[${at}])`),
  };
}

/** `gate_by(v, g)`: v where g, a result of the activation, is strictly inside, else 0. */
export const gateText = (width: Width): string => inside + textsOf(width).gateBy;

export const scaleText = (has: boolean): string => perChannel("scale", has);

/** What the inputs of an op after the second are. */
export const extrasOf = ({ extras }: EpilogueParams, inputs: number): readonly Extra[] =>
  extras ?? usual.slice(0, inputs - 2);

/** The epilogue of an op of x, w and extras, for `width` neighbours at once. */
export function epilogueOf<P extends EpilogueParams>({ inputs, params }: Problem<P>, width: Width = 1): Epilogue {
  const { activation } = params;
  const extras = extrasOf(params, inputs.length);
  const has = (extra: Extra): boolean => extras.includes(extra);
  const { noResidual, readResidual, activated, gated } = textsOf(width);
  const isWide = (extra: Extra): boolean => extra === "residual" || extra === "gate";
  return {
    bindings: Object.fromEntries(extras.map((extra) => [extra, boundBy("read", isWide(extra) ? width : 1)])),
    functions: [
      scaleText(has("scale")),
      perChannel("bias", has("bias")),
      has("residual") ? readResidual : noResidual,
      has("gate") ? gateText(width) + gated : (typeof activation === "object" ? activation.wgsl : activate) + activated,
    ],
    bind: Object.fromEntries(extras.map((extra, i) => [extra, { input: 2 + i }])),
    activation: codeOf(activation),
    readsElements: has("residual") || has("gate"),
  };
}

/** Checks the inputs after the second, which may be those of `allowed`, for a result `y` with channels last. */
export function checkExtras(
  op: string,
  allowed: readonly Extra[],
  inputs: readonly Spec[],
  params: EpilogueParams,
  y: Spec,
): void {
  const extras = extrasOf(params, inputs.length);
  check(
    inputs.length === 2 + extras.length,
    "E_SHAPE",
    () => `${op}: expects two inputs and then ${extras.join(", ") || "none"}, found ${inputs.length} inputs`,
  );
  const places = extras.map((extra) => epilogueOrder.indexOf(extra));
  check(
    extras.every((extra) => allowed.includes(extra)) && places.every((place, i) => i === 0 || place > places[i - 1]!),
    "E_USAGE",
    () => `${op}: expected extras out of ${allowed.join(", ")}, in this order, found ${extras.join(", ")}`,
  );
  check(
    !extras.includes("gate") || codeOf(params.activation) > 0,
    "E_USAGE",
    () => `${op}: a gate needs the activation whose result it is, found none`,
  );
  extras.forEach((extra, i) => {
    const found = inputs[2 + i]!;
    const channels = f32(y.shape.at(-1)!);
    const wanted = extra === "scale" || extra === "bias" ? channels : y;
    check(
      sameSpec(found, wanted),
      "E_SHAPE",
      () =>
        `${op}: the ${extra} must be ${formatSpec(wanted)} (${wanted === y ? "the shape of the result" : `the channels of the result ${formatSpec(y)}`}), found ${formatSpec(found)}`,
    );
  });
}

/** The functions of an op that has no epilogue: the sum as it is. */
export const noEpilogue = (width: Width = 1): string => {
  const value = width === 4 ? "vec4f" : "f32";
  return `${scaleText(false)}${perChannel("bias", false)}
fn epilogue(sum: ${value}, at: u32) -> ${value} { return sum; }
`;
};

/** Those as an epilogue. */
export const bareSum = (width: Width = 1): Epilogue => ({
  bindings: {},
  functions: [noEpilogue(width)],
  bind: {},
  activation: 0,
  readsElements: false,
});
