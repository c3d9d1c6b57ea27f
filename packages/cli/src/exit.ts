import type { ErrorCode } from "@tlx/kernels";
import { TlxError } from "@tlx/kernels";
import { CommanderError } from "commander";

/** What the process reports to its caller; 130 and 143 after signals are in `interrupt.ts`. */
export const Exit = { ok: 0, failed: 1, usage: 2, data: 3, noAdapter: 4, deviceLost: 5, verification: 6 } as const;

const statusOf: Readonly<Record<ErrorCode, number>> = {
  E_USAGE: Exit.usage,
  E_DATA: Exit.data,
  E_ADAPTER: Exit.noAdapter,
  E_DEVICE: Exit.deviceLost,
  E_VERIFY: Exit.verification,
  E_SHAPE: Exit.failed,
  E_GRAPH: Exit.failed,
  E_WEIGHTS: Exit.failed,
  E_NETWORK: Exit.failed,
  E_DIVERGED: Exit.failed,
  E_COMPILE: Exit.failed,
  E_LIMIT: Exit.failed,
};

/** Ends a command that did its work with another status than 0. What it found is said by then. */
export class Finding extends Error {
  readonly status: number;

  constructor(message: string, status: number) {
    super(message);
    this.status = status;
  }
}

/** The status for whatever ended a command. */
export function exitStatusOf(error: unknown): number {
  if (error instanceof Finding) return error.status;
  if (error instanceof TlxError) return statusOf[error.code];
  if (error instanceof CommanderError) {
    return error.exitCode === 0 ? Exit.ok : Exit.usage; // help and version that were asked for end with 0
  }
  return Exit.failed;
}
