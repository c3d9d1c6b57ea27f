import type { FreezeInput, FreezePlan, FreezeRequest } from "./freeze-plan.js";
import { resolveMasks } from "./masks.js";
import { planFreeze } from "./resolve.js";

/** `planFreeze` with masks. */
export const resolveFreeze = (request: FreezeRequest, input: FreezeInput): FreezePlan =>
  planFreeze(request, input, resolveMasks);
