import type { VariantSet } from "../op.js";
import { expandVariants } from "./expand.js";
import { matrixVariants } from "./matrix.js";
import { resampleVariants } from "./resample.js";
import { winogradVariants } from "./winograd.js";

/** The variants of several sets, those of the first before those of the next. */
export function joinVariants(...sets: readonly VariantSet[]): VariantSet {
  const names = new Set(sets.flatMap((set) => Object.keys(set)));
  return Object.fromEntries([...names].map((name) => [name, sets.flatMap((set) => set[name] ?? [])]));
}

/** What the Node entry hands to every device. */
export const allVariants: VariantSet = /* @__PURE__ */ joinVariants(
  matrixVariants,
  winogradVariants,
  expandVariants,
  resampleVariants,
);
