import {
  type Capabilities,
  type ChooseOptions,
  chooseVariant,
  defaultCapabilities,
  defineOp,
  f32,
  matmul,
  type Problem,
  problemKey,
  silu,
  type Variant,
  type VariantSettings,
} from "@tlx/kernels";
import { expandVariants, joinVariants } from "@tlx/kernels/variants";
import { expect, it } from "vitest";

interface Params {
  readonly a: number;
  readonly b: readonly number[];
}

const variant = (name: string, suits: boolean, settings?: readonly VariantSettings[]): Variant<Params> => ({
  name,
  ...(name === "rounded" && { precision: "half" }),
  fits: (_: Problem<Params>, caps: Capabilities) => name !== "grand" || caps.maxComputeInvocationsPerWorkgroup > 256,
  suits: () => suits,
  ...(settings && { settings: () => settings }),
  lower: () => ({ dispatches: [] }),
});

const op = defineOp<Params>({
  name: "made",
  infer: ([x]) => [x!],
  variants: [
    variant("rounded", true),
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

it("names an activation that is a kernel's text in the key", () => {
  const problem = { inputs: [f32(2, 3), f32(3, 4)], outputs: [f32(2, 4)], params: { activation: silu.ends! } };
  expect(problemKey(matmul, problem)).toBe('matmul(f32[2, 3], f32[3, 4]) {"activation":"silu"}');
});

it("keys problems by op, inputs and parameters, in whatever order these were written", () => {
  expect(key).toBe('made(f32[2, 3]) {"a":1,"b":[2,3]}');
  expect(problemKey(op, { ...problem, params: { b: [2, 3], a: 1 } })).toBe(key);
  const others = [
    problemKey(op, { ...problem, params: { a: 1, b: [3, 2] } }),
    problemKey(op, { ...problem, inputs: [f32(3, 2)] }),
    problemKey(op, { ...problem, constant: [0] }),
    problemKey(matmul, { ...problem, params: { activation: "none" } }),
  ];
  expect(new Set([key, ...others]).size).toBe(5);
  expect(problemKey(op, { ...problem, constant: [] })).toBe(key);
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

it("takes a variant of half precision only where that is allowed, and keeps its choices apart", () => {
  const half = (options: ChooseOptions = {}): string =>
    chooseVariant(op, problem, defaultCapabilities, { ...options, precision: "half" }).variant.name;
  expect(half()).toBe("rounded");
  expect(half({ forced: { made: "plain" } })).toBe("plain");
  expect(() => choose(undefined, "rounded")).toThrow(/^made: variant "rounded" was forced, .* in float32 precision/);
  expect(choose({ variant: "rounded" })).toEqual(choose());
  const halfKey = problemKey(op, problem, "half");
  expect(halfKey).toBe(`${key} half`);
  expect(half({ choices: new Map([[key, { variant: "odd" }]]) })).toBe("rounded");
  expect(half({ choices: new Map([[halfKey, { variant: "odd" }]]) })).toBe("odd");
  const all = defineOp<Params>({ ...op, variants: op.variants.filter((v) => !v.precision) });
  expect(problemKey(all, problem, "half")).toBe(key);
});

it("takes what the device was handed before what every device has, in half precision after what rounds", () => {
  const handed = { made: [variant("special", true)], another: [variant("other", true)] };
  const caps: Capabilities = { ...defaultCapabilities, variants: handed };
  expect(chooseVariant(op, problem, caps).variant.name).toBe("special");
  expect(chooseVariant(op, problem, caps, { precision: "half" }).variant.name).toBe("rounded");
  expect(chooseVariant(op, problem, caps, { forced: { made: "plain" } }).variant.name).toBe("plain");
  const forced = { made: "special" };
  expect(chooseVariant(op, problem, caps, { forced }).variant.name).toBe("special");
  expect(() => chooseVariant(op, problem, defaultCapabilities, { forced })).toThrow(/"special" was forced/);
  expect(problemKey(op, problem)).toBe(key);
});

it("joins sets of variants in their order", () => {
  const [a, b, c] = ["a", "b", "c"].map((name) => variant(name, true)) as [Variant<Params>, ...Variant<Params>[]];
  const joined = joinVariants({ made: [a] }, { made: [b!], other: [c!] }, expandVariants);
  expect(joined).toEqual({ made: [a, b], other: [c], ...expandVariants });
});
