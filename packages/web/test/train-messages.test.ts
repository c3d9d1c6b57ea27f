import { TlxError } from "@tlx/kernels";
import { expect, it } from "vitest";
import { checkRequest, isAnswer, isOrder, receiveError, sendError } from "../src/train/messages.js";

const request = { run: "a", data: "b" };

it("a request is taken as it is", () => {
  const address = { url: "/w", sha256: "00", bytes: 3 };
  for (const weights of ["none", new Blob(["x"]), address, { url: "/w" }, undefined]) {
    const whole = { ...request, weights, model: "tlx-nano", settings: { epochs: 3 }, split: 0.5, acceptOtherGpu: true };
    expect(checkRequest(whole)).toBe(whole);
  }
});

it.each([
  [undefined, /expected a request/],
  [{ ...request, run: undefined }, /expected run to be a name, found none/],
  [{ ...request, data: ".." }, /expected data to be a name, found "\.\."/],
  [{ ...request, epochs: 3 }, /there is no "epochs"; there are: run, data/],
  [{ ...request, weights: "/w" }, /expected weights to be "none", a file, or \{ url, sha256 \}, found "\/w"/],
  [{ ...request, weights: { url: "/w", sha256: 1 } }, /expected weights to be/],
  [{ ...request, split: 1 }, /expected split to be a number above 0 and below 1, found 1/],
  [{ ...request, settings: "fast" }, /expected settings to be an object/],
])("what is no request is refused: %j", (value, message) => {
  expect(() => checkRequest(value)).toThrow(message);
});

it("errors travel with their code", () => {
  const back = receiveError(structuredClone(sendError(new TlxError("E_DATA", "no pictures", { of: () => 0 }))));
  expect(back).toBeInstanceOf(TlxError);
  expect(back).toMatchObject({ code: "E_DATA", message: "no pictures" });
  expect(receiveError(sendError(new TypeError("odd")))).toEqual(new Error("odd"));
  expect(receiveError(sendError("odd"))).toEqual(new Error("odd"));
  const memory = receiveError(sendError(new RangeError("Array buffer allocation failed")));
  expect(memory).toMatchObject({ code: "E_LIMIT", message: expect.stringContaining("no memory left") });
});

it("messages of others are told apart", () => {
  const about = { tlx: "training", id: 1 };
  expect(
    [
      { ...about, kind: "train" },
      { ...about, kind: "stop" },
    ].map(isOrder),
  ).toEqual([true, true]);
  const others = [
    undefined,
    null,
    "train",
    {},
    { kind: "train", id: 1 },
    { ...about, kind: "done" },
    { ...about, id: "1" },
  ];
  expect(others.filter(isOrder)).toEqual([]);
  expect(["event", "unkept", "done", "stopped", "failed"].filter((kind) => !isAnswer({ ...about, kind }))).toEqual([]);
  expect(isAnswer({ ...about, kind: "train" })).toBe(false);
});
