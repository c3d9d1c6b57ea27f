/** Readers of weights against files made to break them: one clear error each, soon, whatever they hold. */
import { TlxError } from "@tlx/kernels";
import { randomFrom } from "@tlx/kernels/testing";
import { describe, expect, it } from "vitest";
import { readTfjs } from "../src/weights/formats/read-tfjs.js";
import { readCheckpoint } from "../src/weights/read-checkpoint.js";
import { bitsPerElement, type Checkpoint } from "../src/weights/safetensors.js";
import { goodNpz, goodTfjs, hostileNpz, hostileTfjs } from "./hostile-arrays.js";
import { hostileFiles, validFile } from "./hostile-safetensors.js";
import { goodLegacy, goodZip, hostileTorch } from "./hostile-torch.js";
import { makeNpz, npyOf } from "./made-npz.js";
import { pickle, stateDict, toBytes, whole } from "./made-pickle.js";
import { makeZip } from "./made-zip.js";

type Read = () => Promise<Checkpoint>;

interface Case {
  readonly title: string;
  readonly read: Read;
  readonly message: RegExp;
}

const read = async (file: Uint8Array): Promise<Checkpoint> => (await readCheckpoint(file)).checkpoint;

const cases: readonly Case[] = [
  ...[...hostileTorch, ...hostileNpz].map(({ name, file, message }) => ({
    title: name,
    read: () => read(file),
    message,
  })),
  ...hostileTfjs.map(({ name, json, readShard, message }) => ({
    ...{ title: name, read: () => readTfjs(json, readShard), message },
  })),
  // What is no safetensors file any more is told by its first bytes as what it looks like.
  ...hostileFiles.map(({ name, file }) => ({ title: `safetensors: ${name}`, read: () => read(file), message: /./ })),
];

/** The error of reading; undefined if the file is accepted. Anything but a TlxError goes on to fail the test. */
async function refusal(read: Read): Promise<TlxError | undefined> {
  try {
    await read();
    return undefined;
  } catch (error) {
    if (error instanceof TlxError) return error;
    throw error;
  }
}

/** As `refusal`, within two seconds: the best of three, since a busy machine may pause any one. */
async function quickRefusal(read: Read): Promise<TlxError | undefined> {
  for (let attempt = 1; ; attempt++) {
    const start = performance.now();
    const error = await refusal(read);
    const elapsed = performance.now() - start;
    if (elapsed < 2000) return error;
    if (attempt === 3) expect(elapsed).toBeLessThan(2000);
  }
}

describe("hostile files", () => {
  it("are more than two hundred of other formats than safetensors", () => {
    expect(hostileTorch.length + hostileNpz.length + hostileTfjs.length).toBeGreaterThan(300);
  });

  it.each(cases.map((c, i) => ({ ...c, title: `${i}: ${c.title}` })))("$title", async ({ read, message }) => {
    const error = await quickRefusal(read);
    expect(error?.code).toBe("E_WEIGHTS");
    expect(error?.message).toMatch(message);
    expect(error!.message.length).toBeLessThan(600);
    expect(error?.message).not.toMatch(/\p{Cc}/u);
  });

  it("change nothing outside", () => {
    expect(({} as Record<string, unknown>).polluted).toBeUndefined();
    expect(({} as Record<string, unknown>).weightsManifest).toBeUndefined();
  });
});

const object = toBytes(pickle(stateDict({ w: whole("0", [2, 2]) })));
const four = new Uint8Array(Float32Array.of(1, 2, 3, 4).buffer);
const npy = npyOf({ shape: [2, 4], data: new Float32Array(8) });

/** What is mutated, and how it is read. */
const targets: Readonly<Record<string, readonly [good: Uint8Array, read: (bytes: Uint8Array) => Promise<Checkpoint>]>> =
  {
    "a zip of torch.save": [goodZip, read],
    "a pickle in a zip": [
      object,
      (data) =>
        read(
          makeZip([
            { name: "a/data.pkl", data },
            { name: "a/data/0", data: four },
          ]),
        ),
    ],
    "a legacy file": [goodLegacy, read],
    "an npz": [goodNpz, read],
    "a deflated npz": [makeNpz({ a: npy, b: npy }, true), read],
    "an array in an npz": [npy, (data) => read(makeNpz({ a: data }))],
    "a model.json": [goodTfjs.json, (json) => readTfjs(json, goodTfjs.readShard)],
    "a safetensors file": [validFile, read],
  };

function mutate(good: Uint8Array, random: () => number): Uint8Array {
  const bytes = [...good];
  const below = (n: number): number => Math.floor(random() * n);
  for (let left = 1 + below(4); left > 0; left--) {
    const at = below(bytes.length);
    const length = 1 + below(12);
    const kind = below(6);
    if (kind === 0) bytes[at]! ^= 1 << below(8);
    else if (kind === 1) bytes[at] = below(256);
    else if (kind === 2) bytes.splice(at, 0, ...Array.from({ length }, () => below(256)));
    else if (kind === 3) bytes.splice(at, length);
    else if (kind === 4) bytes.splice(at, 0, ...bytes.slice(at, at + length));
    else bytes[at] = good[below(good.length)]!;
  }
  return Uint8Array.from(bytes);
}

const runs: number = process.env.TLX_DEEP ? 100_000 : 500;

describe("random mutations", () => {
  it.each(Object.entries(targets))(
    `of %s are read or refused, ${runs} of them`,
    async (name, [good, readBytes]) => {
      const random = randomFrom(name.length);
      expect((await readBytes(good)).tensors.size).toBeGreaterThan(0);
      let refused = 0;
      for (let run = 0; run < runs; run++) {
        const bytes = mutate(good, random);
        const start = performance.now();
        try {
          for (const { shape, dtype, bytes: numbers } of (await readBytes(bytes)).tensors.values()) {
            const bits = bitsPerElement.get(dtype)! * shape.reduce((a, b) => a * b, 1);
            expect(8 * numbers.length).toBe(bits);
          }
        } catch (error) {
          if (!(error instanceof TlxError))
            throw new Error(`run ${run} of ${name}: ${Buffer.from(bytes).toString("hex")}`, { cause: error });
          expect(error.code).toBe("E_WEIGHTS");
          refused++;
        }
        expect(performance.now() - start).toBeLessThan(5000);
      }
      expect(refused).toBeGreaterThan(runs / 4);
    },
    3_600_000,
  );
});
