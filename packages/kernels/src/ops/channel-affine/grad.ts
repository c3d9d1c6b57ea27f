import type { NoParams, Value, Vjp } from "../../op.js";
import { channelScale } from "../channel-scale/op.js";
import { columnSums } from "../column-sums/op.js";
import { multiply } from "../multiply/op.js";

/** dx = dy * scale, dscale[c] = sum of dy[.., c] * x[.., c], dshift[c] = sum of dy[.., c]. */
export const channelAffineVjp: Vjp<NoParams> = ({ inputs, outputGrad: dy, needs }, emit) => {
  if (!dy) return [];
  const [x, scale] = inputs as [Value, Value];
  const sums = (v: Value): Value => emit.apply(columnSums, [v], {})[0] as Value;
  return [
    needs(0) ? emit.apply(channelScale, [dy, scale], {})[0] : undefined,
    needs(1) ? sums(emit.apply(multiply, [dy, x], {})[0] as Value) : undefined,
    needs(2) ? sums(dy) : undefined,
  ];
};
