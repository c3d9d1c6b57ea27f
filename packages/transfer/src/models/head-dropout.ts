/** Dropout of a head, apart from it: pages that only predict do not load its kernel. */
import { u32 } from "@tlx/kernels";
import { dropout } from "@tlx/nn";
import type { HeadOptions } from "./head.js";

/** Name of the input u32 [1] that carries the number of the step, of a head with dropout. */
export const STEP = "step";

/** Drops the share `rate` of the last layer's inputs, drawn by `seed` and step; undefined for 0. */
export const headDropout = (rate: number, seed: number): HeadOptions["drop"] =>
  rate === 0 ? undefined : (s, x) => dropout(s, x, { rate, seed, step: s.builder.input(STEP, u32(1)) });
