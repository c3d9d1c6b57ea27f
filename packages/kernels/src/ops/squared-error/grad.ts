import type { NoParams, Vjp } from "../../op.js";
import { lossVjp } from "../loss/loss-vjp.js";

export const squaredErrorVjp: Vjp<NoParams> = /* @__PURE__ */ lossVjp("squaredError");
