/** The suite in a browser on this machine: serves the bench page, and waits for what it reports. */
import { randomBytes } from "node:crypto";
import { type ErrorCode, TlxError } from "@tlx/kernels";
import { type PagePlace, type PageReport, type PageRun, TOKEN_FRAGMENT } from "../suite/page-protocol.js";
import type { ResultFile } from "../suite/result.js";
import { schemaFaults } from "../suite/schema-faults.js";
import { type NodeBenchOptions, version } from "./bench-in-node.js";
import { browserPeers } from "./browser-peers.js";
import { checkPeers } from "./check-peers.js";
import { commitOfCheckout } from "./checkout.js";
import { servePage } from "./page-server.js";
import { resultSchema } from "./result-schema.js";

type SameOptions = "quick" | "filter" | "rounds" | "settings" | "peers" | "peerTimeoutMs" | "signal";

export interface BrowserBenchOptions extends Pick<NodeBenchOptions, SameOptions | "onProgress" | "onUnfinished"> {
  /** Told the address that is to be opened in a browser of this machine. */
  readonly onAddress: (address: string) => void | Promise<void>;
  /** Milliseconds for which nobody may open the address, and for which the page may say nothing. */
  readonly openMs?: number;
  readonly silenceMs?: number;
}

const OPEN_MS = 10 * 60_000;
/** Timers of a page that was hidden for long run once a minute. */
const SILENCE_MS = 3 * 60_000;
const MOST_TEXT = 2000;

/**
 * Throws E_USAGE for peers that are unknown or not there, E_NETWORK when the page was closed or says nothing, the page's own
 * failure, and the reason of `signal`.
 */
export async function benchInBrowser(options: BrowserBenchOptions): Promise<ResultFile> {
  const { quick = false, filter, rounds, settings = false, peerTimeoutMs, signal, onAddress } = options;
  signal?.throwIfAborted();
  const run: PageRun = {
    ...{ quick, settings, peers: checkPeers(options.peers ?? [], browserPeers) },
    ...(filter && { filter: filter.source }),
    ...(rounds !== undefined && { rounds }),
    ...(peerTimeoutMs !== undefined && { peerTimeoutMs }),
  };
  const place: PagePlace = { commit: commitOfCheckout(), tlx: version(), peers: run.peers, results: [] };
  const exchange = new Exchange(run, options);
  const server = await servePage({ place, exchange });
  const stop = (): void => exchange.fail(signal!.reason);
  signal?.addEventListener("abort", stop);
  try {
    exchange.expect(options.openMs ?? OPEN_MS, "nobody opened its address");
    await onAddress(`${server.origin}/${TOKEN_FRAGMENT}${exchange.token}`);
    return await exchange.result;
  } finally {
    signal?.removeEventListener("abort", stop);
    exchange.end();
    await server.close();
  }
}

class Exchange {
  readonly token: string = randomBytes(24).toString("base64url");
  readonly result: Promise<ResultFile>;
  fail: (reason: unknown) => void = () => {};
  private finish: (file: ResultFile) => void = () => {};
  private readonly run: PageRun;
  private readonly options: BrowserBenchOptions;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private taken = false;
  private saved: Promise<void> = Promise.resolve();

  constructor(run: PageRun, options: BrowserBenchOptions) {
    this.run = run;
    this.options = options;
    this.result = new Promise((resolve, reject) => {
      this.finish = resolve;
      this.fail = reject;
    });
    this.result.catch(() => {}); // it may fail before anyone waits for it
  }

  /** The page must be heard of in so many milliseconds. */
  expect(ms: number, otherwise: string): void {
    clearTimeout(this.timer);
    const reason = `bench: ${otherwise} for ${Math.round(ms / 1000)} s`;
    const hint = "its tab must stay open, and in sight";
    this.timer = setTimeout(() => this.fail(new TlxError("E_NETWORK", `${reason}; ${hint}`)), ms);
    this.timer.unref(); // the server keeps the process as long as it is needed; a report may come after the last one
  }

  end(): void {
    clearTimeout(this.timer);
  }

  private heard(): void {
    this.expect(this.options.silenceMs ?? SILENCE_MS, "the page said nothing");
  }

  take(): PageRun | undefined {
    if (this.taken) return undefined;
    this.taken = true;
    this.heard();
    return this.run;
  }

  hear(given: unknown): void {
    const report = given as PageReport;
    const { onProgress, onUnfinished } = this.options;
    this.heard();
    switch (report?.kind) {
      case "alive":
        return;
      case "progress":
        onProgress?.(textOf(report.line));
        return;
      case "unfinished": {
        const file = fileOf(report.file);
        this.saved = this.saved.then(() => onUnfinished?.(file)).catch((error) => this.fail(error));
        return;
      }
      case "done": {
        const file = fileOf(report.file);
        void this.saved.then(() => this.finish(file));
        return;
      }
      case "failed":
        void this.saved.then(() => this.fail(new TlxError(codeOf(report.code), textOf(report.message))));
        return;
      case "closed":
        this.fail(new TlxError("E_NETWORK", "bench: the page was closed before it had measured all"));
        return;
      default:
        throw new TlxError("E_USAGE", "Expected a report of the bench page.");
    }
  }
}

const textOf = (text: unknown): string => String(text).slice(0, MOST_TEXT);

const codes: readonly ErrorCode[] = [
  ...(["E_USAGE", "E_SHAPE", "E_GRAPH", "E_WEIGHTS", "E_DATA", "E_DIVERGED", "E_NETWORK"] as const),
  ...(["E_ADAPTER", "E_COMPILE", "E_LIMIT", "E_DEVICE", "E_VERIFY"] as const),
];
const codeOf = (code: unknown): ErrorCode => codes.find((known) => known === code) ?? "E_DEVICE";

function fileOf(given: unknown): ResultFile {
  const faults = schemaFaults(resultSchema, given);
  if (faults.length === 0) return given as ResultFile;
  throw new TlxError("E_USAGE", `Expected a result file; ${faults.slice(0, 3).join("; ")}.`);
}
