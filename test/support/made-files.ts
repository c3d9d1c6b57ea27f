/** Pictures and weights made by formula, so that the command can be tried without any file that is not ours. */
import { mkdir, writeFile } from "node:fs/promises";
import path from "node:path";
import { deflateSync } from "node:zlib";
import { sizeOf } from "@tlx/kernels";
import { randomFrom } from "@tlx/kernels/testing";
import { uniformFanIn } from "@tlx/nn";
import { buildNetworkGraph, exportTensors, findModel, writeSafetensors } from "@tlx/transfer";
import sharp from "sharp";

/** A safetensors file that fits the network, with random numbers of a fitting size. */
export function madeWeights(model: string): Uint8Array {
  const graph = buildNetworkGraph(findModel(model), { batch: 1, form: "folded" });
  const tensors = [...graph.params].map(([name, { spec }]) => {
    const fanIn = sizeOf(spec) / (spec.shape.at(-1) as number);
    return [name, uniformFanIn(spec, spec.shape.length === 1 ? 100 : fanIn / 6, 1, name)] as const;
  });
  return writeSafetensors(exportTensors(new Map(tensors)), new Map());
}

/** Noise around a colour. */
export function madePicture(seed: number, colour: readonly [number, number, number]): Promise<Buffer> {
  const random = randomFrom(seed);
  const pixels = Uint8Array.from({ length: 3 * 64 * 64 }, (_, i) => colour[i % 3] + Math.floor(60 * random()));
  return sharp(pixels, { raw: { width: 64, height: 64, channels: 3 } })
    .png()
    .toBuffer();
}

/** DIR/{train,val}/{blue,red}/N.png */
export async function madeDataset(dir: string, perClass: number): Promise<void> {
  const colours = { blue: [20, 40, 180], red: [180, 40, 20] } as const;
  let seed = 0;
  for (const split of ["train", "val"]) {
    for (const [name, colour] of Object.entries(colours)) {
      const folder = path.join(dir, split, name);
      await mkdir(folder, { recursive: true });
      for (let i = 0; i < perClass; i++)
        await writeFile(path.join(folder, `${i}.png`), await madePicture(++seed, colour));
    }
  }
}

/** A PNG of a few bytes whose header promises 60000 x 60000 pixels. */
export function pictureBomb(): Buffer {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(60_000, 0);
  header.writeUInt32BE(60_000, 4);
  header.set([8, 2, 0, 0, 0], 8);
  const chunks = [
    ["IHDR", header],
    ["IDAT", deflateSync(Buffer.alloc(1000))],
    ["IEND", Buffer.alloc(0)],
  ] as const;
  return Buffer.concat([
    Buffer.from("\x89PNG\r\n\x1a\n", "latin1"),
    ...chunks.map(([type, data]) => {
      const body = Buffer.concat([Buffer.from(type), data]);
      const chunk = Buffer.alloc(body.length + 8);
      chunk.writeUInt32BE(data.length, 0);
      body.copy(chunk, 4);
      chunk.writeUInt32BE(crc32(body), body.length + 4);
      return chunk;
    }),
  ]);
}

/** CRC-32 as PNG has it: polynomial 0xedb88320, reflected. */
function crc32(bytes: Uint8Array): number {
  let crc = ~0;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
  }
  return ~crc >>> 0;
}
