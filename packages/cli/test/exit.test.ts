import { type ErrorCode, TlxError } from "@tlx/kernels";
import { CommanderError } from "commander";
import { describe, expect, it } from "vitest";
import { exitStatusOf } from "../src/exit.js";

const documented: Readonly<Record<ErrorCode, number>> = {
  E_USAGE: 2,
  E_SHAPE: 1,
  E_GRAPH: 1,
  E_WEIGHTS: 1,
  E_DATA: 3,
  E_NETWORK: 1,
  E_DIVERGED: 1,
  E_ADAPTER: 4,
  E_COMPILE: 1,
  E_LIMIT: 1,
  E_DEVICE: 5,
  E_VERIFY: 6,
};

describe("exitStatusOf", () => {
  it.each(Object.entries(documented))("%s is %i", (code, status) => {
    expect(exitStatusOf(new TlxError(code as ErrorCode, "text"))).toBe(status);
  });

  it("is 0 for help that was asked for and 2 for everything else of the parser", () => {
    expect(exitStatusOf(new CommanderError(0, "commander.helpDisplayed", ""))).toBe(0);
    expect(exitStatusOf(new CommanderError(0, "commander.version", ""))).toBe(0);
    expect(exitStatusOf(new CommanderError(0, "commander.help", ""))).toBe(0);
    expect(exitStatusOf(new CommanderError(1, "commander.help", ""))).toBe(2);
    expect(exitStatusOf(new CommanderError(1, "commander.unknownOption", ""))).toBe(2);
  });

  it("is 1 for what nobody foresaw", () => {
    expect(exitStatusOf(new TypeError("x"))).toBe(1);
    expect(exitStatusOf("thrown text")).toBe(1);
  });
});
