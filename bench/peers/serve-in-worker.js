import { answersOf } from "./answers.js";

/**
 * Answers the questions of bench/src/page/worker-peer.ts, in a worker of the page.
 * @param {(adapter: object) => Promise<object>} open
 */
export function serveInWorker(open) {
  const answers = answersOf(open);
  addEventListener("message", async ({ data: question }) => {
    try {
      postMessage({ answer: await answers[question.kind](question) });
    } catch (error) {
      postMessage({ failure: String(error?.message ?? error) });
    }
  });
}
