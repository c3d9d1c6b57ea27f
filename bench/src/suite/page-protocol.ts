/** What the bench page is told, and what it reports to the command that serves it. */
import type { ErrorCode } from "@tlx/kernels";
import type { ResultFile, RunOptions } from "./result.js";

/** place.json: where the page is served. A copy of the page on another server has one too. */
export interface PagePlace {
  readonly commit: string;
  readonly tlx: string;
  /** Other runtimes that it can run. */
  readonly peers: readonly string[];
  /** Names of result files under results/. */
  readonly results: readonly string[];
}

/** run.json: what a command wants measured. */
export interface PageRun extends Omit<RunOptions, "rounds"> {
  readonly rounds?: number;
  readonly settings: boolean;
  readonly peers: readonly string[];
  readonly peerTimeoutMs?: number;
}

/** POST report */
export type PageReport =
  | { readonly kind: "alive" }
  | { readonly kind: "progress"; readonly line: string }
  | { readonly kind: "unfinished" | "done"; readonly file: ResultFile }
  | { readonly kind: "failed"; readonly code: ErrorCode; readonly message: string }
  | { readonly kind: "closed" };

/** Header that holds the token of a command's page: other pages do not know it. */
export const TOKEN_HEADER = "x-tlx-token";
/** Start of the fragment that holds it in the page's address: fragments stay in the browser. */
export const TOKEN_FRAGMENT = "#run=";
/** Milliseconds between two signs of life. A hidden page's timers may run once a minute. */
export const ALIVE_MS = 2000;
