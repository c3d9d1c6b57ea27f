export { allVariants, joinVariants } from "./variant-sets/all.js";
export { expandVariants } from "./variant-sets/expand.js";
export { matrixVariants } from "./variant-sets/matrix.js";
export { resampleVariants } from "./variant-sets/resample.js";
export { winogradVariants } from "./variant-sets/winograd.js";
