import type { Report } from "./report.js";

const statuses = { SIGINT: 130, SIGTERM: 143 } as const;
type Signal = keyof typeof statuses;

/** Turns the first SIGINT or SIGTERM into an abort, so that commands end in order; the second one ends the process. */
export class Interrupt {
  /** The exit status, once a signal came. */
  status: number | undefined;
  private readonly controller: AbortController = new AbortController();
  private readonly report: Report;

  constructor(report: Report) {
    this.report = report;
    for (const name of Object.keys(statuses)) process.on(name, this.stop);
  }

  get signal(): AbortSignal {
    return this.controller.signal;
  }

  private readonly stop = (name: Signal): void => {
    if (this.status !== undefined) process.exit(statuses[name]);
    this.status = statuses[name];
    this.report.say(`stopping (${name}); once more stops at once`);
    this.controller.abort(new Error(`stopped by ${name}`));
  };

  dispose(): void {
    for (const name of Object.keys(statuses)) process.off(name, this.stop);
  }
}
