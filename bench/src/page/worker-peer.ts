/** Another runtime in a worker of its own, so that its memory is not tlx's, and one that hangs can be ended. */
import { type Gpu, TlxError } from "@tlx/kernels";
import { type AskPeer, type OpenedPeer, type PeerQuestion, peerAdapter, prepareBy } from "../suite/peer-questions.js";
import type { SuitePeer } from "../suite/suite-peer.js";

const TIMEOUT_MS = 15 * 60_000;

export interface WorkerPeerOptions {
  readonly timeoutMs?: number;
  readonly signal: AbortSignal;
}

export interface WorkerPeer extends SuitePeer {
  close(): void;
}

type Answer = { readonly answer: unknown } | { readonly failure: string };

/** Throws E_DEVICE when the worker does not start. Later calls throw it once it failed; `prepare` then starts another one. */
export async function openWorkerPeer(name: string, gpu: Gpu, options: WorkerPeerOptions): Promise<WorkerPeer> {
  const adapter = peerAdapter(gpu.device.adapterInfo);
  let current: PeerWorker | undefined;
  const start = async (): Promise<OpenedPeer> => {
    current = new PeerWorker(name, options);
    return current.ask<OpenedPeer>({ kind: "open", adapter });
  };
  const opened = await start();
  return {
    ...{ name, ...opened },
    async prepare(work) {
      if (current?.hasEnded) await start();
      return prepareBy(current!.ask, work);
    },
    close: () => current?.end(),
  };
}

/** Asks one question at a time. */
class PeerWorker {
  hasEnded = false;
  private readonly name: string;
  private readonly options: WorkerPeerOptions;
  private readonly worker: Worker;
  private last: Promise<unknown> = Promise.resolve();

  constructor(name: string, options: WorkerPeerOptions) {
    this.name = name;
    this.options = options;
    this.worker = new Worker(`${name}.js`, { type: "module", name });
  }

  readonly ask: AskPeer = <T>(question: PeerQuestion): Promise<T> => {
    const answer = this.last.then(() => this.exchange<T>(question));
    this.last = answer.catch(() => {});
    return answer;
  };

  private async exchange<T>(question: PeerQuestion): Promise<T> {
    const { timeoutMs = TIMEOUT_MS, signal } = this.options;
    signal.throwIfAborted();
    const fault = (what: string): TlxError => new TlxError("E_DEVICE", `${this.name}: ${question.kind}: ${what}`);
    if (this.hasEnded) throw fault("its worker has ended");
    const ended = new AbortController();
    try {
      return await new Promise<T>((resolve, reject) => {
        const once = { signal: ended.signal };
        const timer = setTimeout(() => reject(fault(`no answer in ${timeoutMs / 1000} s`)), timeoutMs);
        ended.signal.addEventListener("abort", () => clearTimeout(timer));
        signal.addEventListener("abort", () => reject(signal.reason), once);
        this.worker.addEventListener(
          "error",
          (event) => reject(fault(event.message || "its worker did not load")),
          once,
        );
        this.worker.addEventListener(
          "message",
          ({ data }: MessageEvent<Answer>) =>
            "failure" in data ? reject(fault(data.failure)) : resolve(data.answer as T),
          once,
        );
        this.worker.postMessage(question);
      });
    } catch (error) {
      this.end();
      throw error;
    } finally {
      ended.abort();
    }
  }

  end(): void {
    this.hasEnded = true;
    this.worker.terminate();
  }
}
