/** The command that serves this page and waits for its results, where there is one. */
import { ALIVE_MS, type PageReport, type PageRun, TOKEN_FRAGMENT, TOKEN_HEADER } from "../suite/page-protocol.js";

export class CommandLink {
  private readonly token: string;
  private readonly onEnd: (why: string) => void;
  private last: Promise<void> = Promise.resolve();
  private timer: ReturnType<typeof setInterval> | undefined;

  /** `onEnd` is called once, when the command gives no answer any more. */
  constructor(token: string, onEnd: (why: string) => void) {
    this.token = token;
    this.onEnd = onEnd;
  }

  static tokenOf({ hash }: Location): string | undefined {
    return hash.startsWith(TOKEN_FRAGMENT) ? hash.slice(TOKEN_FRAGMENT.length) : undefined;
  }

  /** What the command wants measured; from now on it hears of the page. Undefined when it wants nothing of this page. */
  async open(): Promise<PageRun | undefined> {
    const response = await fetch("run.json", { headers: { [TOKEN_HEADER]: this.token } }).catch(() => undefined);
    if (!response?.ok) {
      this.onEnd(response ? await response.text() : "The command that opened this page has ended.");
      return undefined;
    }
    this.timer = setInterval(() => this.report({ kind: "alive" }), ALIVE_MS);
    addEventListener("pagehide", this.onHide);
    return (await response.json()) as PageRun;
  }

  /** In the order of the calls; after "done" and "failed" nothing more. */
  report(report: PageReport): Promise<void> {
    if (report.kind === "done" || report.kind === "failed") this.close();
    this.last = this.last.then(() => this.post(report));
    return this.last;
  }

  private readonly onHide = (): void => void this.post({ kind: "closed" });

  private async post(report: PageReport): Promise<void> {
    const response = await fetch("report", {
      method: "POST",
      headers: { "content-type": "application/json", [TOKEN_HEADER]: this.token },
      body: JSON.stringify(report),
      keepalive: report.kind === "closed",
    }).catch(() => undefined);
    if (response?.ok || (report.kind !== "done" && this.timer === undefined)) return;
    this.close();
    this.onEnd(response ? await response.text() : "The command that opened this page has ended.");
  }

  private close(): void {
    clearInterval(this.timer);
    this.timer = undefined;
    removeEventListener("pagehide", this.onHide);
  }
}
