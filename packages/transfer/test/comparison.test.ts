/** What a comparison makes of its trainings: figures of rows, intervals, and what they are said to mean. */
import { describe, expect, it } from "vitest";
import {
  accuracyInterval,
  type ComparedRow,
  type ComparedRun,
  compareRuns,
  concludeComparison,
  confidenceInterval,
  differenceInterval,
  type MeasuredTraining,
  type Outcome,
  studentQuantile,
  wilsonInterval,
} from "../src/index.js";

/** Marks with `right` of `all` named right, the first ones unless `from` says otherwise. */
const marksOf = (right: number, all: number, from = 0): string =>
  Array.from({ length: all }, (_, i) => ((i - from + all) % all < right ? "1" : "0")).join("");

const outcome = (seed: number, marks: string): Outcome => ({
  seed,
  right: new Map([...marks].map((mark, i) => [`p${i}`, mark === "1"])),
});

describe("intervals", () => {
  it("Student's t is that of tables", () => {
    for (const [freedom, t] of [
      [1, 12.706],
      [2, 4.303],
      [4, 2.776],
      [30, 2.042],
    ] as const) {
      expect(studentQuantile(freedom)).toBeCloseTo(t, 2);
    }
    expect(confidenceInterval([1, 2, 3]).margin).toBeCloseTo(4.303 / Math.sqrt(3), 3);
    expect(() => confidenceInterval([1])).toThrow(/two or more values, found 1/);
  });

  it("of one seed is Wilson's of its pictures", () => {
    const found = accuracyInterval([outcome(1, marksOf(8, 10))]);
    expect(found).toMatchObject({ mean: 0.8, deviation: null, marginOfSeeds: null, seeds: 1, pictures: 10 });
    expect(found.low).toBeCloseTo(wilsonInterval(8, 10)!.low, 12);
    expect(found.high).toBeCloseTo(wilsonInterval(8, 10)!.high, 12);
  });

  it("of several seeds holds both spreads, each at its end", () => {
    const found = accuracyInterval([40, 42, 47].map((right, i) => outcome(i + 1, marksOf(right, 50))));
    const seeds = confidenceInterval([0.8, 0.84, 0.94]);
    const pictures = wilsonInterval(43, 50)!;
    expect(found.mean).toBeCloseTo(0.86, 12);
    expect(found.marginOfSeeds).toBeCloseTo(seeds.margin, 12);
    expect(found.low).toBeCloseTo(0.86 - Math.hypot(seeds.margin, 0.86 - pictures.low), 12);
    expect(found.high).toBe(1); // no accuracy is above
  });

  it("of a difference is narrow where both err on the same pictures, and wide where they do not", () => {
    const [a, same, other] = [marksOf(80, 100), marksOf(78, 100), marksOf(78, 100, 50)].map((marks) => [
      outcome(1, marks),
    ]);
    const near = differenceInterval(a!, same!)!;
    const far = differenceInterval(a!, other!)!;
    expect(near.mean).toBeCloseTo(0.02, 12);
    expect(far.mean).toBeCloseTo(0.02, 12);
    expect(near.marginOfPictures).toBeLessThan(0.04);
    // 22 pictures for a, 20 for the other, and half a picture more of each.
    expect(far.marginOfPictures).toBeCloseTo(1.96 * Math.sqrt((43 / 102 - (2 / 102) ** 2) / 102), 4);
  });

  it("of a difference covers the truth about as often as it says", () => {
    // Two ways whose seeds and pictures both vary; the truth is 5 points.
    let state = 7;
    const random = (): number => {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
      return state / 2 ** 32;
    };
    const normal = (): number => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
    let covered = 0;
    const trials = 400;
    for (let trial = 0; trial < trials; trial++) {
      const hard = Array.from({ length: 100 }, () => 0.25 * (random() - 0.5));
      const make = (accuracy: number): Outcome[] =>
        [1, 2, 3].map((seed) => {
          const shift = 0.02 * normal();
          return outcome(seed, hard.map((h) => (random() < accuracy + h + shift ? "1" : "0")).join(""));
        });
      const { low, high } = differenceInterval(make(0.8), make(0.75))!;
      if (low <= 0.05 && 0.05 <= high) covered++;
    }
    expect(covered / trials).toBeGreaterThanOrEqual(0.93);
    expect(covered / trials).toBeLessThan(1);
  });

  it("pairs by seed, and refuses to compare what was measured on other pictures", () => {
    const a = [outcome(1, "110"), outcome(2, "111")];
    expect(differenceInterval(a, [outcome(2, "100")])).toMatchObject({ seeds: 1 });
    expect(differenceInterval(a, [outcome(3, "100")])).toBeUndefined();
    expect(() => differenceInterval(a, [outcome(1, "11")])).toThrow(/same pictures, found others for seed 1/);
  });
});

const measured = (marks: string, more: Partial<MeasuredTraining> = {}): MeasuredTraining => {
  const accuracy = [...marks].filter((m) => m === "1").length / [...marks].filter((m) => m !== "-").length;
  const epoch = { learningRate: 0.001, loss: 1, trainAccuracy: 0.9, valLoss: 0.5 };
  return {
    epochs: [
      { ...epoch, epoch: 1, seconds: 12, pictures: 20, valAccuracy: accuracy / 2 },
      { ...epoch, epoch: 2, seconds: 14, pictures: 40, valAccuracy: accuracy },
    ],
    ...{ bestEpoch: 2, accuracy, loss: 0.5, prepareSeconds: 10, seconds: 15, marks },
    ...{ features: { cached: 0, computed: 30 }, ...more },
  };
};
const way = (strategy: string, model = "net"): { model: string; strategy: string } => ({ model, strategy });
const names = (count: number): string[] => Array.from({ length: count }, (_, i) => `${i}.jpg`);

describe("rows", () => {
  it("hold means over seeds, with times as if nothing had been in the cache", () => {
    const warm = { prepareSeconds: 1, features: { cached: 30, computed: 0 } };
    const late = measured("1100", warm);
    const epochs = late.epochs.map((e) => ({ ...e, seconds: e.seconds - 9 }));
    const runs: ComparedRun[] = [
      { ...way("head"), seed: 1, measured: measured("1110"), processBytes: 5, cpuSeconds: 1 },
      { ...way("head"), seed: 2, measured: { ...late, epochs }, processBytes: 7, cpuSeconds: 4 },
      { ...way("all"), seed: 1, failed: "the loss became infinite" },
    ];
    const { rows, differences } = compareRuns([way("head"), way("all")], runs, () => names(4));
    const [head, all] = rows as [ComparedRow, ComparedRow];
    expect(head).toMatchObject({ seeds: [1, 2], accuracies: [0.75, 0.5], bestEpochs: [2, 2], pictures: 40 });
    expect(head.accuracy).toMatchObject({ mean: 0.625, seeds: 2, pictures: 4 });
    expect(head.time).toEqual({ prepare: 10, train: 4, total: 14, prepared: false });
    expect(head).toMatchObject({ processBytes: 7, cpuSeconds: 2.5 });
    expect(head.curve.map(({ seconds }) => seconds)).toEqual([12, 14]);
    expect(head.curve[1]).toMatchObject({ pictures: 40, valAccuracy: 0.625, lowest: 0.5, highest: 0.75 });
    expect(all).toMatchObject({ accuracy: null, time: null, curve: [] });
    expect(all.failures).toEqual([{ seed: 1, reason: "the loss became infinite" }]);
    expect(differences).toEqual([]);
  });

  it("count every picture once where each seed is measured on others", () => {
    const runs = [1, 2].map((seed) => ({ ...way("head"), seed, measured: measured("1100") }));
    const other = runs.map((run) => ({ ...run, ...way("all"), measured: measured("1110") }));
    const picturesOf = (seed: number): string[] => (seed === 1 ? ["a", "b", "c", "d"] : ["c", "d", "e", "f"]);
    const figures = compareRuns([way("head"), way("all")], [...runs, ...other], picturesOf);
    expect(figures.rows[0]!.accuracy).toMatchObject({ mean: 0.5, pictures: 6 });
    expect(figures.differences[0]).toMatchObject({ mean: -0.25, pictures: 6, seeds: 2 });
  });

  it("leave out pictures that could not be read", () => {
    const runs = [{ ...way("head"), seed: 1, measured: measured("1-10") }];
    const { rows } = compareRuns([way("head")], runs, () => names(4));
    expect(rows[0]!.accuracy).toMatchObject({ pictures: 3 });
    expect(rows[0]!.accuracy!.mean).toBeCloseTo(2 / 3, 12);
  });
});

/** What is said of ways with so many of 200 pictures right, seed by seed. */
function conclude(found: Readonly<Record<string, readonly number[]>>, more: Partial<MeasuredTraining> = {}) {
  const runs = Object.entries(found).flatMap(([strategy, counts]) =>
    counts.map((right, i): ComparedRun => {
      const own = strategy === "head" ? { prepareSeconds: 1 } : {};
      const made = measured(marksOf(right, 200), { ...more, ...own });
      const epochs = strategy === "head" ? made.epochs.map((e) => ({ ...e, seconds: e.epoch + 1 })) : made.epochs;
      return { ...way(strategy), seed: i + 1, measured: { ...made, epochs } };
    }),
  );
  const ways = Object.keys(found).map((strategy) => way(strategy));
  return concludeComparison(compareRuns(ways, runs, () => names(200)));
}

describe("what it means", () => {
  it("transfer helps", () => {
    const found = conclude({ scratch: [120, 122, 118], head: [170, 172, 171], all: [190, 191, 192] });
    expect(found.best).toEqual(way("all"));
    expect(found.equals).toEqual([]);
    expect(found.transfer).toMatchObject([{ model: "net", verdict: "helps", below: [] }]);
    expect(found.sentences[0]).toMatch(
      /^all did best: 95\.5 % of val named right \(95 % interval 9\d\.\d to 9\d\.\d\)\.$/,
    );
    expect(found.sentences[1]).toMatch(/^Transfer helps: all is 35\.5 points above from scratch \(95 % interval /);
    expect(found.sentences[1]).toContain("more --epochs would narrow that"); // its best epoch is the last one
    expect(found.sentences.length).toBe(2);
  });

  it("transfer helps where only the second best way is clearly above", () => {
    const found = conclude({ scratch: [120, 122], head: [150, 175], all: [160, 162] });
    expect(found.best).toEqual(way("head"));
    expect(found.transfer).toMatchObject([{ verdict: "helps", difference: { a: way("all") } }]);
  });

  it("transfer hurts, with what to try", () => {
    const found = conclude({ scratch: [180, 181, 180], head: [120, 122, 121], all: [150, 151, 152] });
    expect(found.best).toEqual(way("scratch"));
    expect(found.transfer).toMatchObject([{ verdict: "hurts", below: [way("head"), way("all")] }]);
    expect(found.sentences[1]).toMatch(
      /^Transfer hurts here: from scratch is 14\.7 points above all, the best of the pretrained ways \(95 % interval \d/,
    );
    expect(found.sentences[2]).toContain("--unfreeze all --base-rate 1");
    expect(found.sentences[2]).toContain("--weights none");
  });

  it("transfer helps, but not with all that stays frozen", () => {
    const found = conclude({ scratch: [150, 151, 150], head: [120, 122, 121], all: [180, 181, 180] });
    expect(found.transfer).toMatchObject([{ verdict: "helps", below: [way("head")] }]);
    expect(found.sentences.at(-1)).toMatch(/^head does worse than from scratch: .* let more layers learn\.$/);
  });

  it("no difference that is significant: says what would tell", () => {
    const spread = conclude({ scratch: [150, 170, 140], head: [160, 158, 161] });
    expect(spread.transfer[0]!.verdict).toBe("not significant");
    expect(spread.sentences.join(" ")).toMatch(/not significant: head is 3\.2 points above from scratch.*holds 0/);
    expect(spread.sentences.join(" ")).toContain("try more --seeds");
    const few = conclude({ scratch: [150], head: [152] });
    expect(few.sentences.join(" ")).toContain("measuring on 200 pictures");
    expect(few.sentences.join(" ")).toContain("One seed has no spread");
    const equal = conclude({ scratch: [150, 150], head: [150, 150] });
    expect(equal.sentences.join(" ")).toContain("head and from scratch do equally well");
  });

  it("names what is as good and much quicker", () => {
    const found = conclude({ head: [170, 171, 169], "last:3": [170, 172, 169], all: [171, 172, 171] });
    expect(found.best).toEqual(way("all"));
    expect(found.equals).toEqual([way("head"), way("last:3")]);
    expect(found.quickest).toEqual(way("head"));
    expect(found.transfer).toEqual([]);
    expect(found.sentences[1]).toBe(
      "head and last:3 are not told apart from it by these figures, of these head takes 4.7 times less time.",
    );
  });

  it("of several networks names the network, and of failed trainings that they failed", () => {
    const runs: ComparedRun[] = [
      { ...way("head", "a"), seed: 1, measured: measured("1100") },
      { ...way("head", "b"), seed: 1, failed: "the loss became infinite" },
    ];
    const figures = compareRuns([way("head", "a"), way("head", "b")], runs, () => names(4));
    const { sentences, best } = concludeComparison(figures);
    expect(best).toEqual(way("head", "a"));
    expect(sentences[0]).toMatch(/^head of a did best/);
    expect(sentences.join(" ")).toContain("Not every training of head of b came to its end.");
    const none = concludeComparison(compareRuns([way("head", "b")], [runs[1]!], () => names(4)));
    expect(none).toMatchObject({
      best: null,
      sentences: ["No training came to its end, so there is nothing to compare."],
    });
  });
});
