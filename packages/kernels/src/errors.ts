/** What went wrong, as a stable word that programs can test. */
export type ErrorCode =
  | "E_USAGE" // the caller asked for something that does not exist or contradicts itself
  | "E_SHAPE" // shapes or dtypes that do not fit together
  | "E_GRAPH" // a graph that cannot be differentiated, planned or compiled
  | "E_WEIGHTS" // weights that are missing, damaged or of another network
  | "E_DATA" // pictures or folders that cannot be used
  | "E_DIVERGED" // training whose loss is no longer a number
  | "E_NETWORK" // a download that failed
  | "E_ADAPTER" // no usable WebGPU adapter
  | "E_COMPILE" // a kernel the device refused
  | "E_LIMIT" // more than the device's limits allow
  | "E_DEVICE" // the device was lost or failed while running
  | "E_VERIFY"; // a result that does not match its reference

/**
 * The one error class of tlx. The message reads: what was expected, what was found, what to do.
 * `details` carries the compared values for programs.
 */
export class TlxError extends Error {
  readonly code: ErrorCode;
  readonly details: Readonly<Record<string, unknown>>;

  constructor(code: ErrorCode, message: string, details: Readonly<Record<string, unknown>> = {}, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = "TlxError";
    this.code = code;
    this.details = details;
  }
}

/** Throws a TlxError with `message` unless `condition` holds. The message is built only when needed. */
export function check(condition: boolean, code: ErrorCode, message: () => string): asserts condition {
  if (!condition) throw new TlxError(code, message());
}
