import type { Problem } from "../op.js";
import { f32, type Spec } from "../spec.js";
import { type EpilogueParams, type Extra, extrasOf } from "../wgsl/epilogue.js";
import type { Activation } from "../wgsl/functions.js";
import { curves } from "./curves.js";
import type { Case } from "./record.js";

/** What the epilogue of a reference makes of its sums, which have channels last. */
export function endSums(
  sums: Float64Array,
  inputs: readonly Float64Array[],
  { params }: Problem<EpilogueParams>,
): Float64Array {
  const extras = extrasOf(params, inputs.length);
  const given = (extra: Extra): Float64Array | undefined =>
    extras.includes(extra) ? inputs[2 + extras.indexOf(extra)] : undefined;
  const [scale, bias, residual, gate] = [given("scale"), given("bias"), given("residual"), given("gate")];
  const { activation = "none" } = params;
  const top = activation === "relu6" ? 6 : Number.POSITIVE_INFINITY;
  return sums.map((sum, i) => {
    const scaled = sum * (scale ? scale[i % scale.length]! : 1);
    const v = scaled + (bias ? bias[i % bias.length]! : 0) + (residual ? residual[i]! : 0);
    if (gate) return gate[i]! > 0 && gate[i]! < top ? v : 0;
    if (typeof activation === "object") return curves[activation.name]!(v);
    return activation === "none" ? v : Math.min(Math.max(v, 0), top);
  });
}

/** Case `c`, whose result is `y`, with `extras`; a gate has values at, between and beyond the kinks. */
export const withExtras = <P extends EpilogueParams>(
  c: Case<P>,
  y: Spec,
  extras: readonly Extra[],
  activation: Activation,
): Case<P> => ({
  ...c,
  name: `${c.name} ${extras.join(" ")}`,
  inputs: [...c.inputs, ...extras.map((extra) => (extra === "scale" || extra === "bias" ? f32(y.shape.at(-1)!) : y))],
  params: { ...c.params, extras, activation },
  fill: (input, index, random) =>
    extras[input - 2] === "gate" ? ([3, 0, 6, -1, 7][index % 11] ?? 6 * random()) : 2 * random() - 1,
});
