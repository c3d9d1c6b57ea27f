import {
  type Capabilities,
  chooseVariant,
  defaultCapabilities,
  defineOp,
  f32,
  matmul,
  type Problem,
  problemKey,
  type VariantSettings,
} from "@tlx/kernels";
import { expect, it } from "vitest";

interface Params {
  readonly a: number;
  readonly b: readonly number[];
}

const variant = (name: string, suits: boolean, settings?: readonly VariantSettings[]) => ({
  name,
  fits: (_: Problem<Params>, caps: Capabilities) => name !== "grand" || caps.maxComputeInvocationsPerWorkgroup > 256,
  suits: () => suits,
  ...(settings && { settings: () => settings }),
  lower: () => ({ dispatches: [] }),
});

const op = defineOp<Params>({
  name: "made",
  infer: ([x]) => [x!],
  variants: [
    variant("grand", true, [{ rows: 64 }]),
    variant("odd", false),
    variant("tile", true, [
      { rows: 8, parts: 1 },
      { rows: 4, parts: 2 },
    ]),
    variant("plain", true),
  ],
});

const problem: Problem<Params> = { inputs: [f32(2, 3)], outputs: [f32(2, 3)], params: { a: 1, b: [2, 3] } };
const key = problemKey(op, problem);
const choose = (choice?: { variant: string; settings?: VariantSettings }, forced?: string): [string, unknown] => {
  const found = chooseVariant(op, problem, defaultCapabilities, {
    choices: choice && new Map([[key, choice]]),
    forced: forced === undefined ? undefined : { made: forced },
  });
  return [found.variant.name, found.settings];
};

it("keys problems by op, inputs and parameters, in whatever order these were written", () => {
  expect(key).toBe('made(f32[2, 3]) {"a":1,"b":[2,3]}');
  expect(problemKey(op, { ...problem, params: { b: [2, 3], a: 1 } })).toBe(key);
  const others = [
    problemKey(op, { ...problem, params: { a: 1, b: [3, 2] } }),
    problemKey(op, { ...problem, inputs: [f32(3, 2)] }),
    problemKey(matmul, { ...problem, params: { activation: "none" } }),
  ];
  expect(new Set([key, ...others]).size).toBe(4);
});

it("takes the forced variant, else the choice, else the first that fits and suits", () => {
  expect(choose()).toEqual(["tile", { rows: 8, parts: 1 }]);
  expect(choose({ variant: "odd" })).toEqual(["odd", undefined]);
  expect(choose({ variant: "tile", settings: { parts: 2, rows: 4 } })).toEqual(["tile", { rows: 4, parts: 2 }]);
  expect(choose({ variant: "tile", settings: { rows: 4, parts: 2 } }, "plain")).toEqual(["plain", undefined]);
  expect(() => choose(undefined, "grand")).toThrow(/^made: variant "grand" was forced, .* only "odd", "tile", "plain"/);
});

it("ignores a choice of another device or another version", () => {
  const usual = choose();
  expect(choose({ variant: "grand", settings: { rows: 64 } })).toEqual(usual);
  expect(choose({ variant: "tile", settings: { rows: 16, parts: 1 } })).toEqual(usual);
  expect(choose({ variant: "gone" })).toEqual(usual);
  expect(choose({ variant: "plain", settings: { rows: 4 } })).toEqual(usual);
});
