import { PassThrough } from "node:stream";
import { afterEach, describe, expect, it, vi } from "vitest";
import { formatPrediction } from "../src/commands/predict.js";
import { findModelOrSuggest } from "../src/find-model.js";
import { wholeNumber } from "../src/options.js";
import { quoteForShell } from "../src/printable.js";
import { progressLines } from "../src/progress.js";
import { Report } from "../src/report.js";
import { formatAccuracy, formatConfusions, formatScores } from "../src/score-table.js";
import { formatCounts, formatEpoch, TrainReporter } from "../src/train-report.js";

function capture(isTTY: boolean): { report: Report; out: () => string; err: () => string } {
  const out = new PassThrough();
  const err = Object.assign(new PassThrough(), { isTTY });
  return { report: new Report(out, err), out: () => String(out.read() ?? ""), err: () => String(err.read() ?? "") };
}

afterEach(() => {
  vi.unstubAllEnvs();
});

describe("Report", () => {
  it("keeps results and text for people apart", () => {
    const { report, out, err } = capture(false);
    report.say("hello");
    report.field("model", "first\nsecond");
    report.print("result");
    report.printJson({ a: [1] });
    expect(err()).toBe("hello\nmodel     first\n          second\n");
    expect(out()).toBe('result\n{"a":[1]}\n');
  });

  it("shows escape codes instead of obeying them", () => {
    const { report, out, err } = capture(false);
    report.print("a\x1b[31mb\u202ec\rd\u009be");
    report.fail("x\x1b]0;title\x07y");
    expect(out()).toBe("a\\u{1b}[31mb\\u{202e}c\\u{d}d\\u{9b}e\n");
    expect(err()).toBe("tlx: x\\u{1b}]0;title\\u{7}y\n");
  });

  it("wipes the line of a bar on a terminal, but not on a dumb one", () => {
    vi.stubEnv("CI", "");
    vi.stubEnv("TERM", "xterm");
    const { report, err } = capture(true);
    report.say("hello");
    expect(err()).toBe("\r\x1b[Khello\n");
    vi.stubEnv("TERM", "dumb");
    report.say("hello");
    expect(err()).toBe("hello\n");
  });
});

describe("progressLines", () => {
  it("prints a line now and then", () => {
    const lines: string[] = [];
    const progress = progressLines((line) => lines.push(line), { label: "files", everyMs: 0 });
    progress.update(1, 4);
    progress.update(2, undefined);
    expect(lines).toEqual(["files 1 of 4", "files 2"]);
    const quiet = progressLines((line) => lines.push(line), { label: "files", everyMs: 60_000 });
    quiet.update(1, 4);
    expect(lines.length).toBe(2);
  });
});

describe("texts", () => {
  it("of a prediction", () => {
    const top = [
      { index: 3, label: "tulip", probability: 0.93149 },
      { index: 0, label: "a\nb", probability: 0.0004 },
    ];
    expect(formatPrediction({ file: "x\x1b.jpg", top })).toBe("x\\u{1b}.jpg\n   93.1 %  tulip\n    0.0 %  a\\nb");
  });

  it("of an epoch", () => {
    const numbers = { learningRate: 0.1, loss: 0.5, trainAccuracy: 1, valLoss: 0.25, valAccuracy: 0.9, ms: 12.4 };
    expect(formatEpoch({ type: "epoch", epoch: 3, epochs: 10, best: true, ...numbers })).toBe(
      " 3 of 10   loss 0.5000   train 100.0 %   val 90.0 % (loss 0.2500)   12 ms",
    );
  });

  it("of the pictures by class and split", () => {
    const train = [0, 0, 1].map((label) => ({ file: "f", label }));
    expect(formatCounts({ classes: ["ants", "bees"], train, val: train.slice(2) })).toBe(
      "class  train  val\nants       2    0\nbees       1    1\nall        3    1",
    );
  });
});

describe("how classes are told apart", () => {
  const classes = ["ants", "bees", "x\ny"];
  const matrix = [
    [3, 1, 0],
    [2, 2, 0],
    [0, 0, 0],
  ];

  it("in figures, with a dash where there is none", () => {
    expect(formatScores(classes, matrix).split("\n")).toEqual([
      "class  precision  recall  F1      pictures",
      "ants   60.0 %     75.0 %  66.7 %         4",
      "bees   66.7 %     50.0 %  57.1 %         4",
      "x\\ny   -          -       -              0",
    ]);
    expect(formatAccuracy(matrix)).toBe("62.5 % (5 of 8)");
  });

  it("in confusions, the most frequent first", () => {
    expect(formatConfusions(classes, matrix)).toEqual(["2 x bees named ants", "1 x ants named bees"]);
    expect(formatConfusions(classes, matrix, 1)).toEqual(["2 x bees named ants", "and 1 other kinds"]);
  });
});

describe("TrainReporter", () => {
  it("tells what came from the cache, without counting what was skipped", () => {
    const { report, err } = capture(false);
    const reporter = new TrainReporter(report, 3);
    const features = { type: "features", kept: true, split: "train", total: 3 } as const;
    reporter.show({ ...features, done: 1, cached: 1 });
    reporter.show({ type: "skipped", file: "a.jpg", reason: "a.jpg: cut off" });
    reporter.show({ ...features, done: 2, cached: 1 });
    reporter.show({ ...features, done: 3, cached: 1 });
    reporter.show({ ...features, note: "view 2 of 2", total: 1, done: 1, cached: 0 });
    reporter.show({ ...features, split: "val", total: 1, done: 1, cached: 1 });
    expect(reporter.features).toEqual({ cached: 2, computed: 2 });
    expect(err().split("\n")).toEqual([
      "warning: skipped: a.jpg: cut off",
      "features  train: 2 pictures, 1 from the cache, 1 computed",
      "features  train, view 2 of 2: 1 picture, 0 from the cache, 1 computed",
      "features  val: 1 picture, all from the cache",
      "",
    ]);
  });

  it("names a picture that every pass skips once, and only some of many", () => {
    const { report, err } = capture(false);
    const reporter = new TrainReporter(report, 3);
    for (const _ of ["train", "val"]) {
      for (let i = 0; i < 9; i++) reporter.show({ type: "skipped", file: `${i}.jpg`, reason: `${i}.jpg: cut off` });
    }
    const named = [0, 1, 2, 3, 4].map((i) => `warning: skipped: ${i}.jpg: cut off`);
    expect(err().split("\n")).toEqual([...named, "warning: skipped more; skipped.csv names them", ""]);
  });

  it("tells where a long epoch stands, whenever it is saved", () => {
    vi.stubEnv("CI", "");
    vi.stubEnv("TERM", "xterm");
    const { report, err } = capture(true);
    const reporter = new TrainReporter(report, 40);
    for (const step of [0, 20]) {
      const position = { phase: 0, epoch: 1, step };
      reporter.show({ type: "snapshot", snapshot: { identity: {}, position, tensors: new Map() } });
    }
    reporter.end();
    expect(err()).toMatch(/epoch 2, steps .* 20 of 40/);
    expect(err()).not.toContain(" 0 of 40");
  });
});

describe("quoteForShell", () => {
  it("quotes what a shell would take apart", () => {
    expect(["runs/train/a-1", "sp ace", "it's", "$(x)"].map(quoteForShell)).toEqual([
      "runs/train/a-1",
      "'sp ace'",
      "'it'\\''s'",
      "'$(x)'",
    ]);
  });
});

describe("arguments", () => {
  it("take whole numbers within their bounds only", () => {
    expect(wholeNumber(1)("12")).toBe(12);
    expect(wholeNumber(0, 9)("0")).toBe(0);
    for (const text of ["0", "-1", "1.5", "", "x", "1e3", "0x10", "99999999999999999999"])
      expect(() => wholeNumber(1)(text), text).toThrow("Expected a whole number of at least 1");
    expect(() => wholeNumber(0, 9)("10")).toThrow("from 0 to 9");
  });

  it("name a model, or get the nearest name", () => {
    expect(findModelOrSuggest("squeezenet-1.1").name).toBe("squeezenet-1.1");
    expect(() => findModelOrSuggest("SqueezeNet1.1")).toThrow('did you mean "squeezenet-1.1"?');
    expect(() => findModelOrSuggest("mobilenetv2")).toThrow('did you mean "mobilenet-v2"?');
  });
});
