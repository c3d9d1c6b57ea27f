import type { Vjp } from "../../op.js";
import { lossVjp } from "../loss/loss-vjp.js";
import type { CrossEntropyParams } from "./op.js";

export const softmaxCrossEntropyVjp: Vjp<CrossEntropyParams> = /* @__PURE__ */ lossVjp("softmaxCrossEntropy");
