import { answersOf } from "./answers.js";

/**
 * Answers the questions of bench/src/peer.ts, in a process of its own.
 * @param {(adapter: object) => Promise<object>} open
 */
export function serve(open) {
  const answers = answersOf(open);
  process.on("disconnect", end); // the parent ended
  process.on("uncaughtException", fail);
  process.on("message", async (question) => {
    try {
      process.send({ answer: await answers[question.kind](question) });
    } catch (error) {
      fail(error);
    }
  });
}

/** There is nothing to be saved, and some runtimes hang in an orderly exit. */
const end = () => process.kill(process.pid, "SIGKILL");

function fail(error) {
  console.error(error);
  end();
}
