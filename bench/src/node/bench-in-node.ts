/** The suite in Node: what it finds as a result file, with start-up, bundles and whole jobs, beside peers in other processes. */
import { createRequire } from "node:module";
import os from "node:os";
import { peerNames as names, openPeer, type Peer } from "../peer.js";
import type { SuiteCase } from "../suite/context.js";
import type { Findings, ResultFile } from "../suite/result.js";
import { makeResultFile } from "../suite/result-file.js";
import { namesOf, runSuite, type SuiteOptions, suiteCases } from "../suite/suite.js";
import { benchmarkStopwatch } from "./benchmark-stopwatch.js";
import { bundleCase } from "./bundle-bytes.js";
import { checkPeers } from "./check-peers.js";
import { commitOfCheckout } from "./checkout.js";
import { jobCase } from "./job.js";
import { startUpCase } from "./startup.js";

export const peerNames: readonly string[] = names;

export interface NodeBenchOptions extends Omit<SuiteOptions, "peers" | "cases" | "stopwatch" | "onFindings"> {
  /** Names of peers; they are in a checkout only. */
  readonly peers?: readonly string[];
  /** Of every answer of a peer, see `PeerOptions`. */
  readonly peerTimeoutMs?: number;
  /** What was measured so far, after every case and when a run ends before its time. */
  readonly onUnfinished?: (file: ResultFile) => Promise<void>;
  /** How `gpu` was asked for, to ask for it again in another process. */
  readonly adapter?: string;
}

/** Of the package. */
export const version = (): string => createRequire(import.meta.url)("../../package.json").version as string;

const nodeCases = ({ adapter }: NodeBenchOptions): SuiteCase[] => [
  ...suiteCases(),
  startUpCase(adapter),
  bundleCase,
  jobCase,
];

/** Names of what a run with such options measures. */
export const namesInNode = (options: NodeBenchOptions): string[] =>
  namesOf({ ...options, peers: [], cases: nodeCases(options) });

/** Throws E_USAGE for peers that are unknown or not there, and what `runSuite` throws. */
export async function benchInNode(options: NodeBenchOptions): Promise<ResultFile> {
  const wanted = checkPeers(options.peers ?? [], names);
  const startedAt = Date.now();
  const commit = commitOfCheckout();
  const start = performance.now();
  const peers: Peer[] = [];
  try {
    const about = { timeoutMs: options.peerTimeoutMs, signal: options.signal };
    for (const name of wanted) peers.push(await openPeer(name, options.gpu, about));
    const suite: SuiteOptions = { ...options, peers, cases: nodeCases(options), stopwatch: benchmarkStopwatch };
    const fileOf = (findings: Findings): ResultFile =>
      makeResultFile(suite, findings, {
        ...{ commit, tlx: version(), startedAt, tookMs: performance.now() - start },
        runtime: `node ${process.version}`,
        platform: `${process.platform} ${process.arch}`,
        cpu: os.cpus()[0]?.model.trim() ?? "unknown",
        cores: os.cpus().length,
      });
    return fileOf(await runSuite({ ...suite, onFindings: (findings) => options.onUnfinished?.(fileOf(findings)) }));
  } finally {
    for (const peer of peers) await peer.close();
  }
}
