/** Starts and stops a run, and says how it goes. */
import type { PagePlace, PageReport, PageRun } from "../suite/page-protocol.js";
import { BenchWorker } from "./bench-worker.js";
import type { FileList } from "./file-list.js";
import { elementOf, showText } from "./make-element.js";
import type { FromWorker } from "./messages.js";

const LEAST_ROUNDS = 3;

export class RunPanel {
  /** Hears of all that a run finds. */
  onReport: (report: PageReport) => void = () => {};
  private readonly form: HTMLFormElement = elementOf("run");
  private readonly settings: HTMLFieldSetElement = elementOf("settings");
  private readonly start: HTMLButtonElement = elementOf("start");
  private readonly stopButton: HTMLButtonElement = elementOf("stop");
  private readonly progress: HTMLProgressElement = elementOf("progress");
  private readonly status: HTMLElement = elementOf("status");
  private readonly place: PagePlace;
  private readonly files: FileList;
  private worker: BenchWorker | undefined;
  private line = "";

  constructor(place: PagePlace, files: FileList) {
    this.place = place;
    this.files = files;
    elementOf("peer-choice").hidden = place.peers.length === 0;
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      const run = this.chosen();
      if (run) this.run(run);
    });
    this.stopButton.addEventListener("click", () => this.stop("stopped in the page"));
    document.addEventListener("visibilitychange", () => this.say(this.line));
  }

  /** Shows what `run` wants as if it had been chosen here, and starts. */
  runFor(run: PageRun): void {
    this.field("length").value = run.quick ? "quick" : "full";
    this.field("filter").value = run.filter ?? "";
    this.field("rounds").value = run.rounds === undefined ? "" : String(run.rounds);
    this.field("settings").checked = run.settings;
    this.field("peer").checked = run.peers.length > 0;
    this.run(run);
  }

  stop(why: string): void {
    if (!this.worker) return;
    this.stopButton.disabled = true;
    this.say("stopping …");
    this.worker.stop(why);
  }

  fail(message: string): void {
    showText(elementOf("problem"), message);
  }

  private field(name: string): HTMLInputElement {
    return this.form.elements.namedItem(name) as HTMLInputElement;
  }

  private chosen(): PageRun | undefined {
    const { value } = this.field("filter");
    const rounds = this.field("rounds").valueAsNumber;
    try {
      new RegExp(value);
    } catch (error) {
      this.fail(`Expected a regular expression: ${(error as Error).message}.`);
      return undefined;
    }
    return {
      ...{ quick: this.field("length").value === "quick", settings: this.field("settings").checked },
      peers: this.field("peer").checked ? this.place.peers : [],
      ...(value !== "" && { filter: value }),
      ...(rounds >= LEAST_ROUNDS && { rounds }),
    };
  }

  private run(run: PageRun): void {
    if (this.worker) return;
    showText(elementOf("problem"), undefined);
    this.setRunning(true);
    this.worker = new BenchWorker(run, this.place, (message) => this.hear(message));
    this.say("opening the GPU");
  }

  private hear(message: FromWorker): void {
    if (message.kind === "case") {
      this.progress.max = message.count;
      this.progress.value = message.index - 1;
      return;
    }
    if (message.kind === "progress") this.say(message.line);
    if (message.kind === "unfinished" || message.kind === "done")
      this.files.measure(message.file, message.kind === "done");
    if (message.kind === "done" || message.kind === "failed") {
      this.worker = undefined;
      this.setRunning(false);
      this.say(message.kind === "done" ? "done" : "ended before all was measured");
      if (message.kind === "failed") {
        this.fail(message.message);
        this.files.end();
      }
    }
    this.onReport(message);
  }

  private say(line: string): void {
    this.line = line;
    const paused = this.worker && document.hidden ? "waiting until this tab is in sight; " : "";
    this.status.textContent = paused + line;
  }

  private setRunning(running: boolean): void {
    this.settings.disabled = running;
    this.start.disabled = running;
    this.stopButton.disabled = !running;
    this.progress.hidden = !running;
    this.progress.value = 0;
  }
}
