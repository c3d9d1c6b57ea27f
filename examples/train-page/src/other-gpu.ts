import { TlxError } from "@tlx/kernels";

/** Is the other GPU all that keeps a run from going on? The visitor may agree to that. */
export const isOnlyOtherGpu = (error: unknown): boolean =>
  error instanceof TlxError &&
  isList(error.details.differences) &&
  error.details.differences.every((n) => n === "adapter");

const isList = (value: unknown): value is readonly unknown[] => Array.isArray(value) && value.length > 0;
