import { describe, expect, it } from "vitest";
import { planPhases } from "../src/train/phases.js";

const blockOf = (path: string): string | undefined => /^(b\d)\./.exec(path)?.[1];
const all = ["b0.w", "b1.w", "loose.w", "b1.v", "b2.w", "head.w", "head.b"];
const plan = (settings: { epochs: number; headEpochs?: number; unfreezeEvery?: number }, paths = all) =>
  planPhases({
    trainable: new Set(paths),
    head: new Set(["head.w", "head.b"]),
    blockOf,
    settings: { headEpochs: 0, unfreezeEvery: 0, ...settings },
  }).map(({ trainable, ...rest }) => ({ ...rest, trainable: [...trainable].join(" ") }));

describe("phases", () => {
  it("are one by default", () => {
    const whole = { name: "all that learns", firstEpoch: 0, epochs: 7, schedule: [0, 7], trainable: all.join(" ") };
    expect(plan({ epochs: 7 })).toEqual([whole]);
    expect(plan({ epochs: 7 }, ["head.w"]).map((p) => p.name)).toEqual(["head"]);
  });

  it("begin with the head where that has epochs of its own, on a schedule of its own", () => {
    expect(plan({ epochs: 7, headEpochs: 2 })).toMatchObject([
      { name: "head", firstEpoch: 0, epochs: 2, schedule: [0, 2], trainable: "head.w head.b" },
      { name: "all that learns", firstEpoch: 2, epochs: 7, schedule: [2, 9], trainable: all.join(" ") },
    ]);
  });

  it("let block after block join, the last first, on one schedule", () => {
    const phases = plan({ epochs: 9, unfreezeEvery: 2 });
    expect(phases.map((p) => p.trainable)).toEqual([
      "head.w head.b",
      "b2.w head.w head.b",
      "b1.w loose.w b1.v b2.w head.w head.b",
      all.join(" "),
    ]);
    expect(phases.map((p) => [p.firstEpoch, p.epochs])).toEqual([
      [0, 2],
      [2, 2],
      [4, 2],
      [6, 3],
    ]);
    expect(new Set(phases.map((p) => p.schedule.join()))).toEqual(new Set(["0,9"]));
    expect(phases.map((p) => p.name)).toEqual([
      "head",
      "last 1 of 3 blocks",
      "last 2 of 3 blocks",
      "last 3 of 3 blocks",
    ]);
  });

  it("let the first block join right after epochs of the head", () => {
    expect(plan({ epochs: 5, headEpochs: 3, unfreezeEvery: 2 })).toMatchObject([
      { name: "head", firstEpoch: 0, epochs: 3, schedule: [0, 3] },
      { name: "last 1 of 3 blocks", firstEpoch: 3, epochs: 2, schedule: [3, 8] },
      { name: "last 2 of 3 blocks", firstEpoch: 5, epochs: 2 },
      { name: "last 3 of 3 blocks", firstEpoch: 7, epochs: 1 },
    ]);
  });

  it("of a head that does not learn are refused", () => {
    for (const settings of [{ headEpochs: 1 }, { unfreezeEvery: 1 }]) {
      expect(() => plan({ epochs: 9, ...settings }, ["b0.w", "b1.w"])).toThrow(/head.*frozen/);
    }
  });

  it.each([
    {
      settings: { epochs: 6, unfreezeEvery: 2 },
      message: /3 blocks, one every 2 epochs, takes more than 6 epochs, found 6/,
    },
    { settings: { epochs: 4, headEpochs: 1, unfreezeEvery: 2 }, message: /takes more than 4 epochs, found 4/ },
  ])("need epochs enough: $settings", ({ settings, message }) => {
    expect(() => plan(settings)).toThrow(
      expect.objectContaining({ code: "E_USAGE", message: expect.stringMatching(message) }),
    );
  });

  it.each([{ headEpochs: 1 }, { unfreezeEvery: 1 }])("need something beside the head: %o", (settings) => {
    expect(() => plan({ epochs: 5, ...settings }, ["head.w", "head.b"])).toThrow(/need layers that join the head/);
  });
});
