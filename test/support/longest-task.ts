import type { Browser, Page } from "playwright-core";

/** Of Chromium's trace; times in microseconds. */
interface TraceEvent {
  readonly name: string;
  readonly pid: number;
  readonly tid: number;
  readonly ts: number;
  /** By the thread's clock. */
  readonly tdur?: number;
}

/** Longest task of the page's own thread while `act` runs, in ms of that thread's clock: what others took from it is not the page's. */
export async function longestTask<T>(
  browser: Browser,
  page: Page,
  act: () => Promise<T>,
): Promise<{ readonly result: T; readonly longestMs: number }> {
  await browser.startTracing(page, { categories: ["toplevel", "blink.user_timing"] });
  await page.evaluate("performance.mark('begin')");
  const result = await act();
  await page.evaluate("performance.mark('end')");
  const { traceEvents } = JSON.parse((await browser.stopTracing()).toString()) as { traceEvents: TraceEvent[] };
  const [begin, end] = ["begin", "end"].map((mark) => traceEvents.find(({ name }) => name === mark)!);
  const tasks = traceEvents.filter(
    ({ name, pid, tid, ts }) =>
      name.endsWith("RunTask") && pid === begin!.pid && tid === begin!.tid && ts > begin!.ts && ts < end!.ts,
  );
  return { result, longestMs: Math.max(0, ...tasks.map(({ tdur = 0 }) => tdur / 1000)) };
}
