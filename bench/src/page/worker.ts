/** The suite in a worker, so that the page stays alive. */
import { type ErrorCode, type Gpu, TlxError } from "@tlx/kernels";
import { openGpu } from "@tlx/kernels/browser";
import type { Findings, ResultFile } from "../suite/result.js";
import { makeResultFile } from "../suite/result-file.js";
import { makeStopwatch, timerStep } from "../suite/stopwatch.js";
import { runSuite, type SuiteOptions } from "../suite/suite.js";
import type { FromWorker, ToWorker } from "./messages.js";
import { VisibleTime } from "./visible-time.js";
import { openWorkerPeer, type WorkerPeer } from "./worker-peer.js";

type Start = Extract<ToWorker, { readonly kind: "start" }>;

const send = (message: FromWorker): void => postMessage(message);
const stopping = new AbortController();
const visibleTime = new VisibleTime();

async function measure({ run, place }: Start): Promise<void> {
  const peers: WorkerPeer[] = [];
  let gpu: Gpu | undefined;
  try {
    // TensorFlow.js asks for this kind of adapter too.
    gpu = await openGpu({ powerPreference: "high-performance" });
    const { signal } = stopping;
    for (const name of run.peers) {
      send({ kind: "progress", line: `opening ${name}` });
      peers.push(await openWorkerPeer(name, gpu, { timeoutMs: run.peerTimeoutMs, signal }));
    }
    send({ kind: "done", file: await measureWith(gpu, peers, { run, place }) });
  } finally {
    for (const peer of peers) peer.close();
    gpu?.dispose();
  }
}

async function measureWith(
  gpu: Gpu,
  peers: readonly WorkerPeer[],
  { run, place }: Pick<Start, "run" | "place">,
): Promise<ResultFile> {
  const [startedAt, start] = [Date.now(), performance.now()];
  const timerStepMs = timerStep();
  const options: SuiteOptions = {
    ...{ gpu, peers, quick: run.quick, rounds: run.rounds, settings: run.settings, signal: stopping.signal },
    filter: run.filter === undefined ? undefined : new RegExp(run.filter),
    stopwatch: makeStopwatch(timerStepMs, visibleTime),
    onProgress: (line) => send({ kind: "progress", line }),
    onCase: (index, count) => send({ kind: "case", index, count }),
  };
  const fileOf = (findings: Findings): ResultFile =>
    makeResultFile(options, findings, {
      ...{ commit: place.commit, tlx: place.tlx, startedAt, tookMs: performance.now() - start, timerStepMs },
      ...{ runtime: navigator.userAgent, platform: navigator.platform, cpu: "unknown" },
      cores: navigator.hardwareConcurrency,
    });
  const onFindings = (findings: Findings): void => send({ kind: "unfinished", file: fileOf(findings) });
  return fileOf(await runSuite({ ...options, onFindings }));
}

function failureOf(error: unknown): { readonly code: ErrorCode; readonly message: string } {
  if (error instanceof TlxError) return { code: error.code, message: error.message };
  if (stopping.signal.aborted) return { code: "E_NETWORK", message: `bench: ${(error as Error).message}` };
  return { code: "E_DEVICE", message: `bench: the page's worker failed: ${(error as Error).stack ?? error}` };
}

addEventListener("message", ({ data }: MessageEvent<ToWorker>) => {
  if (data.kind === "stop") {
    stopping.abort(new Error(data.why));
    visibleTime.set(true); // what waits for it would not see the wish to stop
    return;
  }
  visibleTime.set(data.visible);
  if (data.kind === "start") measure(data).catch((error) => send({ kind: "failed", ...failureOf(error) }));
});
