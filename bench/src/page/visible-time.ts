import type { Interruptions } from "../suite/stopwatch.js";

/** Browsers slow hidden pages down: while the page is hidden nothing is timed, and what was being timed does not count. */
export class VisibleTime implements Interruptions {
  private hiddenTimes = 0;
  private shown: Promise<void> = Promise.resolve();
  private show: (() => void) | undefined;

  set(visible: boolean): void {
    if (visible) {
      this.show?.();
      this.show = undefined;
    } else if (!this.show) {
      this.hiddenTimes++;
      this.shown = new Promise((resolve) => {
        this.show = resolve;
      });
    }
  }

  count(): number {
    return this.hiddenTimes;
  }

  over(): Promise<void> {
    return this.shown;
  }
}
