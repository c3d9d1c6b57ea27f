import type { AnyOp, Vjp } from "./op.js";

// biome-ignore lint/suspicious/noExplicitAny: rules of ops of every parameter type.
export type GradientRules = ReadonlyMap<AnyOp, Vjp<any>>;

/** The gradient rule of every op that has one; `differentiate` is given this map. */
export const gradientRules: GradientRules = new Map([]);
