/** One run of the suite in a worker, as the page sees it. */
import type { PagePlace, PageRun } from "../suite/page-protocol.js";
import type { FromWorker, ToWorker } from "./messages.js";

/** A worker that does not stop in so many milliseconds is ended. */
const STOP_MS = 10_000;

export class BenchWorker {
  private readonly worker: Worker = new Worker("worker.js", { type: "module" });
  private readonly listener: (message: FromWorker) => void;
  private ended = false;

  constructor(run: PageRun, place: PagePlace, listener: (message: FromWorker) => void) {
    this.listener = listener;
    this.worker.addEventListener("message", ({ data }: MessageEvent<FromWorker>) => this.hear(data));
    this.worker.addEventListener("error", (event) => {
      this.fail(`bench: the page's worker failed: ${event.message || "it did not load"}`);
    });
    this.send({ kind: "start", run, place, visible: !document.hidden });
    document.addEventListener("visibilitychange", this.onVisibility);
  }

  /** It hands in what it has. */
  stop(why: string): void {
    this.send({ kind: "stop", why });
    setTimeout(() => this.fail(`bench: ${why}; the case in work gave no answer, so it was ended`), STOP_MS);
  }

  private readonly onVisibility = (): void => this.send({ kind: "visible", visible: !document.hidden });

  private send(message: ToWorker): void {
    this.worker.postMessage(message);
  }

  private fail(message: string): void {
    this.hear({ kind: "failed", code: "E_DEVICE", message });
  }

  private hear(message: FromWorker): void {
    if (this.ended) return;
    if (message.kind === "done" || message.kind === "failed") {
      this.ended = true;
      this.worker.terminate();
      document.removeEventListener("visibilitychange", this.onVisibility);
    }
    this.listener(message);
  }
}
