import type { Vjp } from "../../op.js";
import { lossVjp } from "../loss/loss-vjp.js";
import type { DistillationParams } from "./op.js";

export const distillationVjp: Vjp<DistillationParams> = /* @__PURE__ */ lossVjp("distillation");
