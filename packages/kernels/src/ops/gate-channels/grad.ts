import type { NoParams, Value, Vjp } from "../../op.js";
import { gateChannelsGrad } from "./gate-grad.js";
import { gateChannels } from "./op.js";

/** dx = dy gated as x was; dgate sums over the picture. */
export const gateChannelsVjp: Vjp<NoParams> = ({ inputs, outputGrad: dy, needs }, emit) => {
  if (!dy) return [];
  const [x, gate] = inputs as [Value, Value];
  return [
    needs(0) ? emit.apply(gateChannels, [dy, gate], {})[0] : undefined,
    needs(1) ? emit.apply(gateChannelsGrad, [x, dy], {})[0] : undefined,
  ];
};
