/** Turns of the event loop while something is pending: few once it takes long, as many as ever before and after. */
import { expect, it } from "vitest";
import { politeWaiting } from "../src/node/polite-waiting.js";

const later = <T>(ms: number, value: T): Promise<T> => new Promise((done) => setTimeout(done, ms, value));

/** Turns of the event loop until `pending` is there. */
async function turnsDuring(pending: Promise<unknown>): Promise<number> {
  let turns = 0;
  let done = false;
  const turn = (): void => {
    turns++;
    if (!done) setImmediate(turn);
  };
  setImmediate(turn);
  await pending;
  done = true;
  return turns;
}

it("gives the core back while something takes long, whatever else is waited for beside it", async () => {
  const wait = politeWaiting();
  // Sleeps grow to a millisecond: 200 ms have some 400 turns, and 100 000 without sleeping.
  expect(await turnsDuring(wait(later(200, 0)))).toBeLessThan(2000);
  const many = Array.from({ length: 20 }, (_, i) => wait(later(150 + i, i)));
  expect(await turnsDuring(Promise.all(many))).toBeLessThan(2000);
  expect(await Promise.all(many)).toEqual(many.map((_, i) => i));
});

it("passes failures on, and sleeps no more when nothing is pending", async () => {
  const wait = politeWaiting();
  await expect(wait(later(30, 0).then(() => Promise.reject(new Error("made"))))).rejects.toThrow("made");
  const sleeping = await turnsDuring(wait(later(50, 0)));
  expect(await turnsDuring(later(50, 0))).toBeGreaterThan(2 * sleeping);
});
