import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { blockFacts } from "../src/report/block-facts.js";
import { leadOf, mostUncertain, suspectPictures, worstMistakes } from "../src/report/choose-pictures.js";
import { findPictures } from "../src/report/find-pictures.js";
import { formatReport } from "../src/report/format-report.js";
import { judge, spread } from "../src/report/measure-run.js";
import { gapOf } from "../src/report/overfitting.js";
import { readCsv } from "../src/report/read-csv.js";
import { judged, madeFindings, madeRecord as record, epochRow as row, evil as script } from "./made-findings.js";

describe("the gap between train and val", () => {
  it("is clear when chance in the choice of val does not explain it", () => {
    const epochs = [row(1, 0.8, 0.8, 0.9, true), row(2, 1, 0.85, 0.8, true), row(3, 1, 0.84, 0.9)];
    expect(gapOf(epochs, 400)).toMatchObject({
      epoch: 2,
      train: 1,
      val: 0.85,
      verdict: "clear",
      risesAfter: undefined,
    });
  });

  it("is unclear on few pictures, and none where train is hardly better", () => {
    expect(gapOf([row(1, 0.92, 0.85, 1, true)], 20)?.verdict).toBe("unclear");
    expect(gapOf([row(1, 0.86, 0.85, 1, true)], 4000)?.verdict).toBe("none");
    expect(gapOf([row(1, 0.7, 0.85, 1, true)], 4000)?.verdict).toBe("none");
  });

  it("tells from where on the loss on val rises", () => {
    const epochs = [row(1, 0.8, 0.8, 1), row(2, 0.9, 0.8, 0.5, true), row(3, 0.9, 0.8, 0.52), row(4, 1, 0.8, 0.7)];
    expect(gapOf(epochs, 100)?.risesAfter).toBe(2);
    expect(gapOf(epochs.slice(0, 3), 100)?.risesAfter).toBeUndefined();
  });

  it("is not told without epochs or pictures", () => {
    expect(gapOf([], 10)).toBeUndefined();
    expect(gapOf([row(1, 1, 1, 0, true)], 0)).toBeUndefined();
  });
});

describe("a table of tlx", () => {
  it("comes back as it was, with what was put in front of formulas taken away", () => {
    expect(readCsv('file,class\n"a,""b"".jpg",\'=1+1\n"x\ny",\n')).toEqual([
      ["file", "class"],
      ['a,"b".jpg', "=1+1"],
      ["x\ny", ""],
    ]);
    expect(readCsv("")).toEqual([]);
  });
});

describe("the pictures of a run", () => {
  let dir: string;
  beforeEach(async () => {
    dir = await mkdtemp(path.join(tmpdir(), "tlx-report-"));
    for (const name of ["a", "b"]) {
      await mkdir(path.join(dir, name));
      for (let i = 0; i < 5; i++) await writeFile(path.join(dir, name, `${i}.png`), "x");
    }
  });
  afterEach(() => rm(dir, { recursive: true }));

  it("are found by the end of their path in another folder, whatever was added; those that are gone are named", async () => {
    const named = ["old/place/a/1.png", "old/place/b/4.png", "old/place/b/9.png"].map((file) => ({
      ...{ file, label: file.includes("/a/") ? 0 : 1, predicted: 0, confidence: 0.5 },
    }));
    const found = await findPictures(record({ named, config: { data: "/not/there", split: 0.2, seed: 7 } }), dir);
    expect(found?.val).toEqual([
      { file: path.join(dir, "a/1.png"), label: 0 },
      { file: path.join(dir, "b/4.png"), label: 1 },
    ]);
    expect(found?.gone.map((p) => p.file)).toEqual(["old/place/b/9.png"]);
    expect(found?.train.length).toBe(8);
  });

  it("are not looked for where the folder is gone and no other is given", async () => {
    expect(await findPictures(record({ config: { data: path.join(dir, "gone") } }), undefined)).toBeUndefined();
  });
});

describe("pictures worth a look", () => {
  it("are the surest mistakes and the smallest leads", () => {
    expect(worstMistakes(judged, 5).map((j) => j.file)).toEqual(["sure-wrong", "wrong"]);
    expect(mostUncertain(judged, 2).map((j) => j.file)).toEqual(["unsure-right", "wrong"]);
    expect(leadOf(judged[0]!)).toBeCloseTo(0.8);
  });

  it("are those whose label another class is clearly more probable than", () => {
    const many = Array.from({ length: 20 }, (_, i) =>
      judge({ file: `${i}`, label: i % 2 }, i % 2 ? [0.1, 0.9] : [0.9, 0.1]),
    );
    const found = suspectPictures([...many, judge({ file: "swapped", label: 0 }, [0.02, 0.98])], 5);
    expect(found.pictures.map((p) => [p.file, p.suggested])).toEqual([["swapped", 1]]);
  });

  it("for gradients are of each class as many", () => {
    const samples = [0, 0, 0, 0, 1, 2].map((label, i) => ({ file: `${i}`, label }));
    expect(spread(samples, 4).map((s) => s.label)).toEqual([0, 1, 2, 0]);
  });
});

/** A failure does not print the page. */
const expectIn = (page: string, ...texts: string[]): void => {
  for (const text of texts) expect(page.includes(text), text).toBe(true);
};

describe("report.html", () => {
  it("accuses no label where what judges them errs often", () => {
    const { suspects } = madeFindings(["a", "b"]);
    const unsure = { ...suspects!, val: { ...suspects!.val, contradicted: 3 } };
    expectIn(formatReport(madeFindings(["a", "b"])), "Up to 1 label of 4 may be wrong");
    expectIn(formatReport(madeFindings(["a", "b"], { suspects: unsure })), "it errs too often to accuse any");
  });

  it("holds every name as text, whatever it is", () => {
    const page = formatReport(madeFindings([script, `"'><img src=x onerror=alert(1)>`]));
    expect(/<script|<img src=x/.test(page)).toBe(false);
    expect(page.split("&lt;script&gt;alert(1)&lt;/script&gt;").length).toBeGreaterThan(20);
    for (const heading of [
      "Training",
      "Thresholds",
      "Confidence",
      "Pictures",
      "Labels and copies",
      "Layers",
      "Settings",
    ]) {
      expectIn(page, `>${heading}</h2>`);
    }
  });

  it("names the gap, the intervals, and the command that offers a temperature or says why there is none", () => {
    const page = formatReport(madeFindings(["a", "b"]));
    expectIn(page, "An overfitting gap of 50.0 points");
    expect(/75\.0 % <span class="soft">[\d.]+ to [\d.]+ %<\/span>/.test(page)).toBe(true);
    expectIn(page, "Temperature scaling");
    expectIn(page, "1 picture that it was measured on is not there any more");
  });

  it("leaves out what it has no pictures for, and says so", () => {
    const none = {
      judged: [],
      calibration: undefined,
      mistakes: [],
      uncertain: [],
      suspects: undefined,
      root: undefined,
    };
    const page = formatReport(madeFindings(["a", "b"], { ...none, missing: ["a/1.jpg", "b/2.jpg"] }));
    expectIn(page, "2 pictures that it was measured on are not there any more");
    expectIn(page, "tlx report RUN --data DIR");
    expect(page.includes('id="confidence"')).toBe(false);
  });

  it("is readable for hundreds of classes, the weakest drawn", () => {
    const names = Array.from({ length: 300 }, (_, i) => `class ${i}`);
    const page = formatReport(madeFindings(names, { judged: [] }));
    expectIn(page, "F1 of the 30 weakest classes");
    expectIn(page, "All 300 classes");
    expect(page.length).toBeLessThan(1e6);
  });
});

describe("the layers of a report", () => {
  it("count every number and product once", () => {
    const { model, graph, record: found } = madeFindings(["a", "b"]);
    const blocks = blockFacts(model, graph, found.certificate!, []);
    const sizes = [...graph.params.values()].map(({ spec }) => spec.shape.reduce((a, b) => a * b, 1));
    expect(blocks.reduce((n, b) => n + b.elements, 0)).toBe(sizes.reduce((a, b) => a + b, 0));
    expect(blocks.filter((b) => b.trained > 0).map((b) => b.block)).toEqual(["head"]);
    expect(blocks.at(-1)).toMatchObject({ block: "head", elements: 2 * 1280 + 2, multiplyAdds: 2 * 1280 });
  });
});
