import { randomFrom } from "@tlx/kernels/testing";
import { describe, expect, it } from "vitest";
import { parsePattern, parsePatterns, selectPaths } from "../src/freeze/pattern.js";

const paths = [
  ...Array.from({ length: 19 }, (_, i) => [`features.${i}.conv.0.weight`, `features.${i}.conv.1.bias`]).flat(),
  "classifier.1.weight",
  "classifier.1.bias",
];

const select = (text: string, from: readonly string[] = paths): string[] =>
  selectPaths(parsePattern(text, "train"), from, "train");

describe("a pattern", () => {
  it.each([
    ["features.3", ["features.3.conv.0.weight", "features.3.conv.1.bias"]],
    ["features.3.conv.0.weight", ["features.3.conv.0.weight"]],
    ["classifier.**", ["classifier.1.weight", "classifier.1.bias"]],
    ["classifier.*.weight", ["classifier.1.weight"]],
    ["**.1.weight", ["classifier.1.weight"]],
    ["features.17-18.**.weight", ["features.17.conv.0.weight", "features.18.conv.0.weight"]],
    ["features.17-18.conv.1", ["features.17.conv.1.bias", "features.18.conv.1.bias"]],
    ["features.1*.c*v.0.w*t", Array.from({ length: 10 }, (_, i) => i + 9).map((i) => `features.${i}.conv.0.weight`)],
  ])("%s", (text, expected) => {
    const found = select(text);
    if (text.startsWith("features.1*")) expected = [`features.1.conv.0.weight`, ...expected.slice(1)];
    expect(found).toEqual(expected);
  });

  it("takes everything with ** and nothing below with *", () => {
    expect(select("**")).toEqual(paths);
    expect(select("**.**.**")).toEqual(paths);
    expect(select("features.**")).toHaveLength(38);
    expect(() => select("features.*")).toThrow(
      'train: "features.*" matches no param of this network; it names modules; for what is in them write "features.*.**"',
    );
  });

  it.each([
    ["feature.3", '"feature.3" matches no param of this network; did you mean "features.3"'],
    ["features.19.**", 'did you mean "features.1", "features.9", "features.10"?'],
    ["classifer", 'did you mean "classifier"'],
    ["3", "matches no param"],
    ["features.3.running_mean", "matches no param"],
    ["CLASSIFIER.1", 'did you mean "classifier.1"'],
  ])("that matches nothing: %s", (text, message) => {
    expect(() => select(text)).toThrow(message);
    expect(() => select(text)).toThrow(expect.objectContaining({ code: "E_USAGE" }));
  });

  it.each([
    ["a..b", 'in "a..b" found an empty name between its dots'],
    [".a", "found an empty name"],
    ["a.b**", 'found "b**"; ** stands alone between dots'],
    ["***", 'found "***"; ** stands alone'],
    ["a.7-3", 'found "7-3", a range that ends before it begins'],
    ["!a", "found !, which has no meaning here; leave layers out with --freeze"],
    ["a,,b", "found nothing"],
    ["a,", "found nothing"],
  ])("that cannot be read: %s", (list, message) => {
    expect(() => parsePatterns(list, "train")).toThrow(message);
  });

  it("is one of a list with commas and spaces", () => {
    expect(parsePatterns(" a.b , c.* ", "train").map((p) => p.text)).toEqual(["a.b", "c.*"]);
    expect(parsePatterns("  ", "train")).toEqual([]);
  });
});

/** Slow and plain: every way to read the pattern as names. */
function matchesPlainly(pattern: readonly string[], path: readonly string[]): boolean {
  const [first, ...rest] = pattern;
  if (first === undefined) return path.length === 0;
  if (first === "**") return matchesPlainly(rest, path) || (path.length > 0 && matchesPlainly(pattern, path.slice(1)));
  if (path.length === 0) return false;
  const [from, to] = first.split("-").map(Number) as [number, number | undefined];
  const fits =
    first === "*" || first === path[0] || (to !== undefined && from <= Number(path[0]) && Number(path[0]) <= to);
  return fits && matchesPlainly(rest, path.slice(1));
}

describe("patterns on random paths", () => {
  const random = randomFrom(11);
  const pick = <T>(items: readonly T[]): T => items[Math.floor(items.length * random())] as T;
  const many = <T>(least: number, most: number, make: () => T): T[] =>
    Array.from({ length: least + Math.floor((most - least + 1) * random()) }, make);
  const names = ["a", "b", "0", "1", "2", "10"];

  it("match what the plain definition says", () => {
    let matched = 0;
    for (let i = 0; i < 20_000; i++) {
      const segments = many(1, 4, () => pick([...names, "*", "**", "0-1", "1-10"]));
      const path = many(1, 4, () => pick(names));
      const open = !segments.some((s) => s.includes("*"));
      const expected = matchesPlainly(open ? [...segments, "**"] : segments, path);
      if (expected) matched++;
      const found = parsePattern(segments.join("."), "train").matches(path.join("."));
      expect(found, `${segments.join(".")} on ${path.join(".")}`).toBe(expected);
    }
    expect(matched).toBeGreaterThan(2_000);
  });

  it("of the path itself and of every module above it match it", () => {
    for (let i = 0; i < 500; i++) {
      const path = many(1, 5, () => pick(names));
      for (let n = 1; n <= path.length; n++) {
        const module = path.slice(0, n).join(".");
        expect(parsePattern(module, "train").matches(path.join("."))).toBe(true);
        expect(parsePattern(`${module}.**`, "train").matches(path.join("."))).toBe(true);
        expect(parsePattern(module, "train").matches(`${module}0.x`)).toBe(false);
      }
    }
  });

  it("made to be slow are not", () => {
    const long = Array(40).fill("a").join(".");
    const start = performance.now();
    expect(parsePattern(`${Array(30).fill("**").join(".")}.b`, "train").matches(long)).toBe(false);
    expect(parsePattern(`${"*a".repeat(12)}b`, "train").matches("a".repeat(40))).toBe(false);
    expect(parsePattern(`${Array(6).fill("**.a").join(".")}.b`, "train").matches(long)).toBe(false);
    expect(performance.now() - start).toBeLessThan(2_000);
  });
});
