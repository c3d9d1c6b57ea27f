import type { HostTensor } from "@tlx/kernels";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readSnapshot, writeSnapshot } from "../src/run/snapshot-file.js";
import { compareIdentity } from "../src/train/compare-identity.js";
import type { Snapshot } from "../src/train/snapshot.js";
import { writeSafetensors } from "../src/weights/write-safetensors.js";

const words = (shape: readonly number[], values: readonly number[], dtype: "f32" | "u32" = "f32"): HostTensor => {
  const bits = Uint32Array.from(values);
  return { spec: { dtype, shape }, data: dtype === "u32" ? bits : new Float32Array(bits.buffer) };
};

const small: Snapshot = {
  identity: { model: "tiny", note: '"sha256":"000', settings: { epochs: 3 } },
  position: { phase: 0, epoch: 1, step: 2, best: { loss: 0.1 } },
  // a quiet and a signalling NaN with a payload, -0, a denormal number
  tensors: new Map([
    ["w", words([2, 2], [0x7fc01234, 0x7f800001, 0x80000000, 1])],
    ["sha256", words([1], [0xffffffff], "u32")],
  ]),
};

const bitsOf = ({ data }: HostTensor): number[] => [...new Uint32Array(data.buffer, data.byteOffset, data.length)];

function expectEqual(found: Snapshot, expected: Snapshot): void {
  expect([found.identity, found.position]).toEqual([expected.identity, expected.position]);
  expect([...found.tensors.keys()].sort()).toEqual([...expected.tensors.keys()].sort());
  for (const [name, tensor] of expected.tensors) {
    expect(found.tensors.get(name)!.spec, name).toEqual(tensor.spec);
    expect(bitsOf(found.tensors.get(name)!), name).toEqual(bitsOf(tensor));
  }
}

describe("a snapshot's file", () => {
  it("gives every bit back, NaN with its payload", async () => {
    expectEqual(await readSnapshot(await writeSnapshot(small)), small);
  });

  it("gives anything back that JSON and words can say", async () => {
    const json = fc
      .jsonValue({ maxDepth: 3 })
      .filter((v) => !JSON.stringify(v).includes("-0") && !/\\ud/.test(JSON.stringify(v)));
    const tensor = fc
      .tuple(
        fc.constantFrom("f32" as const, "u32" as const),
        fc.array(fc.nat(2 ** 32 - 1), { minLength: 1, maxLength: 9 }),
      )
      .map(([dtype, values]) => words([values.length], values, dtype));
    const name = fc.string().filter((text) => text !== "__metadata__");
    await fc.assert(
      fc.asyncProperty(json, json, fc.array(fc.tuple(name, tensor), { maxLength: 4 }), async (a, b, tensors) => {
        const position = { ...small.position, b: JSON.parse(JSON.stringify(b)) };
        const snapshot = { identity: { a: JSON.parse(JSON.stringify(a)) }, position, tensors: new Map(tensors) };
        expectEqual(await readSnapshot(await writeSnapshot(snapshot)), snapshot);
      }),
      { numRuns: 60 },
    );
  });

  it("is damaged when any bit of it is another", async () => {
    const file = await writeSnapshot(small);
    for (let at = 0; at < file.length; at++) {
      for (const bit of [0, at % 7, 5, 7]) {
        const changed = new Uint8Array(file);
        changed[at]! ^= 1 << bit;
        const error = await readSnapshot(changed).catch((e) => e);
        expect(error, `byte ${at}, bit ${bit}`).toMatchObject({
          code: "E_WEIGHTS",
          message: expect.stringMatching(/^state: /),
        });
      }
    }
  });

  it("is damaged when it is cut or goes on", async () => {
    const file = await writeSnapshot(small);
    for (let length = 0; length < file.length; length++) {
      const error = await readSnapshot(file.slice(0, length)).catch((e) => e);
      expect(error, String(length)).toMatchObject({ code: "E_WEIGHTS", message: expect.stringContaining("damaged") });
    }
    await expect(readSnapshot(Uint8Array.of(...file, 0))).rejects.toMatchObject({ code: "E_WEIGHTS" });
  });

  it("of another kind or version says so", async () => {
    const made = (metadata: Record<string, string>): Promise<Snapshot> =>
      readSnapshot(writeSafetensors(new Map(), new Map(Object.entries(metadata))));
    await expect(made({})).rejects.toMatchObject({
      code: "E_WEIGHTS",
      message: expect.stringMatching(/found another safetensors file/),
    });
    await expect(made({ format: "tlx-state", version: "1" })).rejects.toMatchObject({
      message: expect.stringMatching(/is damaged/),
    });
    await expect(made({ format: "tlx-state", version: "2" })).rejects.toMatchObject({
      message: expect.stringMatching(/expected version 1 of the format, found 2; use the version of tlx/),
    });
  });

  it("refuses numbers that JSON cannot hold", async () => {
    for (const loss of [Number.NaN, Number.POSITIVE_INFINITY]) {
      const position = { ...small.position, best: { loss } };
      await expect(writeSnapshot({ ...small, position })).rejects.toMatchObject({
        code: "E_GRAPH",
        message: `state: expected finite numbers in the position, found ${loss} as "loss"`,
      });
    }
  });
});

describe("compareIdentity", () => {
  it("accepts the same, in any order and without what is undefined", () => {
    compareIdentity({ a: 1, b: { c: [1, 2], d: "x" } }, { b: { d: "x", c: [1, 2], e: undefined }, a: 1 });
  });

  it("names every difference with both values", () => {
    const expected = { model: "tiny", settings: { epochs: 3, seed: 1 }, data: "a".repeat(200), gone: true };
    const found = { model: "tiny", settings: { epochs: 4, seed: 1 }, data: "b".repeat(200), more: null };
    const error = (() => {
      try {
        compareIdentity(expected, found);
      } catch (e) {
        return e as Error;
      }
    })();
    expect(error).toMatchObject({
      code: "E_USAGE",
      details: { differences: ["settings.epochs", "data", "gone", "more"] },
    });
    expect(error!.message).toContain("found 4 differences");
    expect(error!.message).toContain("settings.epochs: expected 3, found 4");
    expect(error!.message).toContain("gone: expected true, found nothing");
    expect(error!.message).toContain("more: expected nothing, found null");
    expect(error!.message).not.toContain("seed");
    expect(error!.message.length).toBeLessThan(700);
  });
});
