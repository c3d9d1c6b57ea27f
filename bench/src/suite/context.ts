/** What every case of the suite gets, and what it gives. */
import type { Gpu } from "@tlx/kernels";
import type { Ceilings } from "./ceilings.js";
import type { NamedReason, Result, Size } from "./result.js";
import type { Stopwatch } from "./stopwatch.js";
import type { SuitePeer } from "./suite-peer.js";

export interface SuiteContext {
  readonly gpu: Gpu;
  readonly quick: boolean;
  /** Most rounds of a contest. */
  readonly rounds: number;
  /** Milliseconds for the rounds of one contest; at least three rounds are run. */
  readonly budgetMs: number;
  /** Time every setting of a variant too. */
  readonly settings: boolean;
  readonly peers: readonly SuitePeer[];
  readonly ceilings: Ceilings | undefined;
  readonly signal: AbortSignal | undefined;
  readonly stopwatch: Stopwatch;
  /** Of these names results are wanted. */
  isWanted(name: string): boolean;
  say(line: string): void;
}

export interface CaseFindings {
  readonly results?: readonly Result[];
  readonly sizes?: readonly Size[];
  readonly failed?: readonly NamedReason[];
  readonly skipped?: readonly NamedReason[];
}

/** Something that is measured under one name or more. */
export interface SuiteCase {
  /** Those that it can give results under, on this device. */
  names(context: SuiteContext): readonly string[];
  readonly quick: boolean;
  /** Compares itself with what the adapter can do at most. */
  readonly needsCeilings?: boolean;
  run(context: SuiteContext): Promise<CaseFindings>;
}
