import type { Report } from "./report.js";

/** What every command gets beside its own arguments. */
export interface Context {
  readonly report: Report;
  /** Aborted when the user stops the command. */
  readonly signal: AbortSignal;
}
