/** The JSON files of a trained model, from wherever they came: strict, so that a file of another version is told apart. */
import { TlxError } from "@tlx/kernels";
import type { Golden } from "./golden.js";
import type { ModelDescription } from "./model-file.js";

type Rule = readonly [expected: string, holds: (value: unknown) => boolean];
type Rules = { readonly [key: string]: Rule | Rules };

const literal = (expected: unknown): Rule => [JSON.stringify(expected), (v) => v === expected];
const isNumber = (v: unknown): v is number => typeof v === "number" && Number.isFinite(v);
const isCount = (v: unknown): boolean => Number.isSafeInteger(v) && (v as number) > 0;
const listOf =
  (holds: (value: unknown) => boolean, least: number, most = Number.POSITIVE_INFINITY) =>
  (v: unknown): boolean =>
    Array.isArray(v) && v.length >= least && v.length <= most && v.every(holds);

const text: Rule = ["a text", (v) => typeof v === "string"];
const count: Rule = ["a whole number above 0", isCount];
const triple: Rule = ["3 numbers", listOf(isNumber, 3, 3)];

const filter: Rule = ["lists of numbers", (v) => v === undefined || listOf(listOf(isNumber, 1), 1)(v)];

const description: Rules = {
  format: literal("tlx-model"),
  version: literal(1),
  architecture: text,
  batchNorm: ['"separate" or "folded"', (v) => v === "separate" || v === "folded"],
  classes: ["at least 2 texts", listOf((v) => typeof v === "string", 2)],
  hidden: ["a whole number", (v) => v === 0 || isCount(v)],
  preprocess: { resize: count, crop: count, mean: triple, std: triple, filter },
  weightsSha256: ["64 hexadecimal digits", (v) => typeof v === "string" && /^[0-9a-f]{64}$/.test(v)],
};

const golden: Rules = {
  format: literal("tlx-golden"),
  version: literal(1),
  input: {
    name: literal("image"),
    layout: literal("NHWC"),
    shape: ["4 whole numbers above 0", listOf(isCount, 4, 4)],
    formula: literal("(37 * i mod 251) / 125 - 1"),
  },
  output: { name: literal("probs"), values: ["at least 2 numbers", listOf(isNumber, 2)] },
  tolerance: ["a number above 0", (v) => isNumber(v) && v > 0],
};

/** Every place of `value` that breaks a rule. */
function problemsOf(value: unknown, rules: Rules, at: string): string[] {
  if (typeof value !== "object" || value === null) return [`${at || "the file"}: expected an object`];
  const fields = value as Readonly<Record<string, unknown>>;
  const unknown = Object.keys(fields).filter((key) => !Object.hasOwn(rules, key));
  return [
    ...unknown.map((key) => `${at}${key}: not known in this version`),
    ...Object.entries(rules).flatMap(([key, rule]) => {
      if (!isRule(rule)) return problemsOf(fields[key], rule, `${at}${key}.`);
      const [expected, holds] = rule;
      return holds(fields[key]) ? [] : [`${at}${key}: expected ${expected}`];
    }),
  ];
}

const isRule = (rule: Rule | Rules): rule is Rule => Array.isArray(rule);

function parse<T>(value: unknown, rules: Rules, what: string): T {
  const problems = problemsOf(value, rules, "");
  if (problems.length === 0) return value as T;
  throw new TlxError("E_WEIGHTS", `not ${what} of this version: ${problems.join("; ")}`);
}

/** What model.json holds. Throws E_WEIGHTS with every field that is not as it should be. */
export const parseDescription = (value: unknown): ModelDescription => parse(value, description, "a model description");

/** What golden.json holds. Throws E_WEIGHTS with every field that is not as it should be. */
export const parseGolden = (value: unknown): Golden => parse(value, golden, "a golden example");
