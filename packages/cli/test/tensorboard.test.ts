/** Event files, read back byte by byte: nothing here comes from what writes them. */
import { appendFile, mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import type { EpochEvent, TrainEvent } from "@tlx/transfer";
import sharp from "sharp";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { TrainingEvents } from "../src/tensorboard/training-events.js";

let run: string;
beforeEach(async () => {
  run = await mkdtemp(path.join(tmpdir(), "tlx-events-"));
});
afterEach(() => rm(run, { recursive: true }));

/** CRC-32C bit by bit, by long division with the polynomial 0x1edc6f41 over reversed bytes. */
function divide(bytes: Uint8Array): number {
  const reverse = (value: number, bits: number): number => {
    let out = 0;
    for (let i = 0; i < bits; i++) if (value & (1 << i)) out |= 1 << (bits - 1 - i);
    return out >>> 0;
  };
  let rest = 0xffffffff;
  for (const byte of bytes) {
    rest = (rest ^ (reverse(byte, 8) << 24)) >>> 0;
    for (let i = 0; i < 8; i++) rest = (rest >= 0x80000000 ? (rest << 1) ^ 0x1edc6f41 : rest << 1) >>> 0;
  }
  return reverse((rest ^ 0xffffffff) >>> 0, 32);
}

const masked = (bytes: Uint8Array): number => {
  const crc = BigInt(divide(bytes));
  return Number((((crc >> 15n) | (crc << 17n)) + 0xa282ead8n) & 0xffffffffn);
};

/** The payloads of a file, each checked against its two sums. */
function payloadsOf(file: Buffer): Buffer[] {
  const payloads: Buffer[] = [];
  for (let at = 0; at < file.length; ) {
    const length = Number(file.readBigUInt64LE(at));
    expect(file.readUInt32LE(at + 8)).toBe(masked(file.subarray(at, at + 8)));
    const payload = file.subarray(at + 12, at + 12 + length);
    expect(file.readUInt32LE(at + 12 + length)).toBe(masked(payload));
    payloads.push(payload);
    at += 16 + length;
  }
  return payloads;
}

/** Fields of a protobuf message by number: numbers for varints, bytes for the rest. */
function fieldsOf(bytes: Buffer): Map<number, (number | Buffer)[]> {
  const fields = new Map<number, (number | Buffer)[]>();
  let at = 0;
  const varint = (): number => {
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      const byte = bytes[at++] as number;
      value += (byte & 127) * scale;
      if (byte < 128) return value;
    }
  };
  const take = (count: number): Buffer => {
    at += count;
    return bytes.subarray(at - count, at);
  };
  while (at < bytes.length) {
    const key = varint();
    const kind = key & 7;
    const value = kind === 0 ? varint() : take(kind === 1 ? 8 : kind === 5 ? 4 : varint());
    fields.set(key >> 3, [...(fields.get(key >> 3) ?? []), value]);
  }
  return fields;
}

const bytesIn = (fields: Map<number, (number | Buffer)[]>, id: number): Buffer[] => (fields.get(id) ?? []) as Buffer[];

/** "tag step" and its value, in the order of the file. */
async function readEvents(split: string): Promise<[place: string, value: number | Buffer][]> {
  const folder = path.join(run, "tensorboard", split);
  const names = await readdir(folder);
  expect(names).toEqual([expect.stringMatching(/^events\.out\.tfevents\.\d{10}\./)]);
  const [version, ...events] = payloadsOf(await readFile(path.join(folder, names[0] as string))).map(fieldsOf);
  expect(String(bytesIn(version!, 3)[0])).toBe("brain.Event:2");
  return events.flatMap((event) => {
    const time = bytesIn(event, 1)[0]!.readDoubleLE();
    expect(Math.abs(time - Date.now() / 1000)).toBeLessThan(600);
    const step = (event.get(2)?.[0] ?? 0) as number;
    return bytesIn(fieldsOf(bytesIn(event, 5)[0]!), 1).map((bytes): [string, number | Buffer] => {
      const value = fieldsOf(bytes);
      const scalar = bytesIn(value, 2)[0]?.readFloatLE();
      return [`${bytesIn(value, 1)[0]} ${step}`, scalar ?? bytes];
    });
  });
}

const plan = {
  ...{ type: "plan", trained: [], trainedElements: 30, frozen: 1, frozenElements: 9, featureWidth: 4, phases: [] },
  blocks: [
    { block: "stem", params: 1, trainedElements: 0, elements: 9, mask: "", rate: "", batchNorm: "" },
    { block: "last", params: 1, trainedElements: 20, elements: 20, mask: "1", rate: "0.05 to 0.1", batchNorm: "" },
    { block: "head", params: 1, trainedElements: 10, elements: 10, mask: "1", rate: "1", batchNorm: "" },
  ],
} as const satisfies TrainEvent;

const epoch = (n: number): EpochEvent => ({
  ...{ type: "epoch", epoch: n, epochs: 9, learningRate: 0.5 / n, loss: 2 / n, trainAccuracy: 1 - 0.5 / n },
  ...{ valLoss: 3 / n, valAccuracy: 1 - 0.75 / n, best: true, ms: 250 * n },
});

const config = { epochs: 9, weights: "a|b`c\n.safetensors" };
const tags = ["loss", "accuracy", "learning_rate", "learning_rate/last", "learning_rate/head", "seconds"];
const expected = (split: "train" | "val", n: number): [string, number][] => {
  const f32 = (v: number): number => Math.fround(v);
  const figures = split === "train" ? [2 / n, 1 - 0.5 / n, 0.5 / n, 0.05 / n, 0.5 / n, n / 4] : [3 / n, 1 - 0.75 / n];
  return figures.map((v, i) => [`${tags[i]} ${n}`, f32(v)]);
};

describe("event files", () => {
  it("knows the check value of CRC-32C", () => expect(divide(Buffer.from("123456789"))).toBe(0xe3069283));

  it("have every figure of every epoch, by split, as soon as the epoch ends", async () => {
    const events = await TrainingEvents.open(run, config);
    await events.see(plan);
    for (const n of [1, 2]) {
      await events.see(epoch(n));
      const [[place, text], ...figures] = await readEvents("train");
      expect(place).toBe("configuration 0");
      expect(String(text)).toContain('| epochs | `9` |\n| weights | `"a b c\\n.safetensors"` |');
      expect(figures).toEqual([1, 2].slice(0, n).flatMap((e) => expected("train", e)));
      expect(await readEvents("val")).toEqual([1, 2].slice(0, n).flatMap((e) => expected("val", e)));
    }
  });

  it("go on in the same file after a kill, without a step twice", async () => {
    const first = await TrainingEvents.open(run, config);
    for (const event of [plan, epoch(1), epoch(2), epoch(3)]) await first.see(event);
    for (const split of ["train", "val"]) {
      const folder = path.join(run, "tensorboard", split);
      const [name] = await readdir(folder);
      const file = path.join(folder, name as string);
      // What a kill in the middle of a record leaves behind.
      await appendFile(file, (await readFile(file)).subarray(-40, -9));
    }
    const second = await TrainingEvents.open(run, config);
    for (const event of [plan, epoch(2), epoch(3), epoch(4)]) await second.see(event);
    expect((await readEvents("train")).slice(1)).toEqual([1, 2, 3, 4].flatMap((e) => expected("train", e)));
    expect(await readEvents("val")).toEqual([1, 2, 3, 4].flatMap((e) => expected("val", e)));
  });

  it("end with the confusion matrix as a picture, a row per class", async () => {
    const events = await TrainingEvents.open(run, config);
    for (const event of [plan, epoch(1), epoch(2)]) await events.see(event);
    await events.finish(1, [
      [8, 0],
      [2, 6],
    ]);
    const [place, bytes] = (await readEvents("val")).at(-1)!;
    expect(place).toBe("confusion 1");
    const image = fieldsOf(bytesIn(fieldsOf(bytes as Buffer), 4)[0]!);
    const png = bytesIn(image, 4)[0]!;
    const { data, info } = await sharp(png).raw().toBuffer({ resolveWithObject: true });
    expect([image.get(1), image.get(2)]).toEqual([[info.height], [info.width]]);
    const red = (x: number, y: number): number => data[info.channels * (info.width * y + x)] as number;
    const [near, far] = [info.width / 4, (3 * info.width) / 4].map(Math.floor) as [number, number];
    const [all, none, quarter, most] = [red(near, near), red(far, near), red(near, far), red(far, far)];
    expect(all).toBeLessThan(most);
    expect(most).toBeLessThan(quarter);
    expect(quarter).toBeLessThan(none);
    expect(none).toBe(255);
  });

  it("that cannot be written are named", async () => {
    const file = path.join(run, "tensorboard");
    await appendFile(file, "in the way");
    await expect(TrainingEvents.open(run, config)).rejects.toMatchObject({
      code: "E_DATA",
      message: expect.stringContaining("leave out --tensorboard"),
    });
  });
});
