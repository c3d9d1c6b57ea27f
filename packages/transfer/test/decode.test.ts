import { createHash } from "node:crypto";
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { deflateSync } from "node:zlib";
import { randomFrom } from "@tlx/kernels/testing";
import type { Picture } from "@tlx/transfer";
import { decodeAll, decodePicture } from "@tlx/transfer/node";
import sharp, { type Sharp } from "sharp";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

let dir: string;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), "tlx-decode-"));
});
afterAll(() => rm(dir, { recursive: true }));

async function save(name: string, data: Uint8Array | string | Sharp): Promise<string> {
  const file = join(dir, name);
  await writeFile(file, data instanceof Uint8Array || typeof data === "string" ? data : await data.toBuffer());
  return file;
}

/** `channels` bytes (or 16-bit values) a pixel from a seed. */
function noise(width: number, height: number, channels: number, top = 256): number[] {
  const random = randomFrom(width * 1000 + height * 10 + channels);
  return Array.from({ length: width * height * channels }, () => Math.floor(random() * top));
}

const raw = (values: number[], width: number, height: number, channels: 1 | 2 | 3 | 4): Sharp =>
  sharp(Uint8Array.from(values), { raw: { width, height, channels } });

/** RGB of a picture as plain numbers; alpha must be opaque everywhere. */
function rgbOf({ width, height, data }: Picture): number[] {
  expect(data.length).toBe(4 * width * height);
  expect(data.every((v, i) => i % 4 !== 3 || v === 255)).toBe(true);
  return Array.from(data).filter((_, i) => i % 4 !== 3);
}

const grey = (values: number[]): number[] => values.flatMap((v) => [v, v, v]);

const failure = (file: string, options = {}): Promise<unknown> =>
  decodePicture(file, options).then(
    () => "decoded",
    (e) => e,
  );

describe("colour", () => {
  const [w, h] = [7, 5];
  const rgb = noise(w, h, 3);

  it.each(["png", "webp"] as const)("RGB from lossless %s", async (format) => {
    const picture = await decodePicture(await save(`rgb.${format}`, raw(rgb, w, h, 3)[format]({ lossless: true })));
    expect([picture.width, picture.height]).toEqual([w, h]);
    expect(rgbOf(picture)).toEqual(rgb);
  });

  it("alpha is dropped, not blended", async () => {
    const rgba = noise(w, h, 4);
    const picture = await decodePicture(await save("rgba.png", raw(rgba, w, h, 4).png()));
    expect(rgbOf(picture)).toEqual(rgba.filter((_, i) => i % 4 !== 3));
  });

  it("greyscale, with and without alpha", async () => {
    const values = noise(w, h, 1);
    const file = await save("grey.png", raw(values, w, h, 1).toColourspace("b-w").png());
    expect((await sharp(file).metadata()).channels).toBe(1);
    expect(rgbOf(await decodePicture(file))).toEqual(grey(values));
    const pairs = noise(w, h, 2);
    const withAlpha = await save("la.png", raw(pairs, w, h, 2).toColourspace("b-w").png());
    expect(rgbOf(await decodePicture(withAlpha))).toEqual(grey(pairs.filter((_, i) => i % 2 === 0)));
  });

  it("palette", async () => {
    const colours = [
      [10, 20, 30],
      [200, 0, 7],
      [0, 255, 128],
    ];
    const values = noise(w, h, 1, 3).flatMap((i) => colours[i]!);
    const file = await save("palette.png", raw(values, w, h, 3).png({ palette: true, dither: 0 }));
    expect((await sharp(file).metadata()).isPalette).toBe(true);
    expect(rgbOf(await decodePicture(file))).toEqual(values);
  });

  it("16 bits keep their high byte, in colour and in grey", async () => {
    const values = noise(w, h, 3, 65536);
    const colour = sharp(Uint16Array.from(values), { raw: { width: w, height: h, channels: 3 } }).toColourspace(
      "rgb16",
    );
    const colourFile = await save("rgb16.png", colour.png());
    expect((await sharp(colourFile).metadata()).depth).toBe("ushort");
    expect(rgbOf(await decodePicture(colourFile))).toEqual(values.map((v) => v >> 8));
    const greys = values.slice(0, w * h);
    const single = sharp(Uint16Array.from(greys), { raw: { width: w, height: h, channels: 1 } }).toColourspace(
      "grey16",
    );
    const greyFile = await save("grey16.png", single.png());
    expect((await sharp(greyFile).metadata()).depth).toBe("ushort");
    expect(rgbOf(await decodePicture(greyFile))).toEqual(grey(greys.map((v) => v >> 8)));
  });

  it("CMYK by plain arithmetic, without a profile", async () => {
    const picture = await decodePicture(await save("cmyk.jpg", Buffer.from(cmykJpeg, "base64")));
    const at = (x: number, y: number): number[] => Array.from(picture.data.subarray(4 * (16 * y + x)).subarray(0, 4));
    expect([at(3, 3), at(12, 3), at(3, 12), at(12, 12)]).toEqual(cmykColours);
  });

  it("a colour profile is not applied", async () => {
    const red = raw(Array.from({ length: 64 }, () => [255, 0, 0]).flat(), 8, 8, 3);
    const picture = await decodePicture(await save("p3.png", red.withIccProfile("p3").png()));
    const [r, g, b] = rgbOf(picture) as [number, number, number];
    expect([Math.abs(r - 234) < 4, Math.abs(g - 51) < 6, Math.abs(b - 35) < 6]).toEqual([true, true, true]);
  });

  it("JPEG at full size whatever its sampling", async () => {
    const ramp = Array.from({ length: 640 * 480 }, (_, i) => [(i % 640) / 3, Math.floor(i / 640) / 2, 99]).flat();
    const source = raw(ramp, 640, 480, 3).jpeg({ quality: 95, chromaSubsampling: "4:2:0", progressive: true });
    const picture = await decodePicture(await save("ramp.jpg", source));
    expect([picture.width, picture.height]).toEqual([640, 480]);
    const worst = rgbOf(picture).reduce((most, v, i) => Math.max(most, Math.abs(v - ramp[i]!)), 0);
    expect(worst).toBeLessThan(8);
  });
});

describe("EXIF orientation", () => {
  // 3 x 2 blocks of 8 x 8 pixels, numbered by row; what each orientation must turn them into.
  const turned: Record<number, number[][]> = {
    1: [
      [0, 1, 2],
      [3, 4, 5],
    ],
    2: [
      [2, 1, 0],
      [5, 4, 3],
    ],
    3: [
      [5, 4, 3],
      [2, 1, 0],
    ],
    4: [
      [3, 4, 5],
      [0, 1, 2],
    ],
    5: [
      [0, 3],
      [1, 4],
      [2, 5],
    ],
    6: [
      [3, 0],
      [4, 1],
      [5, 2],
    ],
    7: [
      [5, 2],
      [4, 1],
      [3, 0],
    ],
    8: [
      [2, 5],
      [1, 4],
      [0, 3],
    ],
  };
  const values = Array.from({ length: 16 * 24 }, (_, i) => {
    const block = 3 * Math.floor(i / 24 / 8) + Math.floor((i % 24) / 8);
    return [40 * block, 40 * block, 40 * block];
  }).flat();

  for (const format of ["jpeg", "png", "webp"] as const) {
    it.each(Object.keys(turned).map(Number))(`${format}, orientation %i`, async (orientation) => {
      const made = raw(values, 24, 16, 3).withMetadata({ orientation })[format]({ quality: 100 });
      const { width, height, data } = await decodePicture(await save(`turned-${orientation}.${format}`, made));
      const blocks = turned[orientation]!;
      expect([width, height]).toEqual([8 * blocks[0]!.length, 8 * blocks.length]);
      const found = blocks.map((row, y) =>
        row.map((_, x) => Math.round(data[4 * ((8 * y + 4) * width + 8 * x + 4)]! / 40)),
      );
      expect(found).toEqual(blocks);
    });
  }
});

describe("what is refused", () => {
  const photo = (): Sharp => raw(noise(40, 30, 3), 40, 30, 3);
  const dataError = (text: RegExp): unknown =>
    expect.objectContaining({ code: "E_DATA", message: expect.stringMatching(text) });

  it("missing, folder, empty", async () => {
    expect(await failure(join(dir, "absent.jpg"))).toEqual(
      dataError(/^picture ".*absent\.jpg": expected a file, found nothing at this path; check the path$/),
    );
    await mkdir(join(dir, "folder.jpg"));
    expect(await failure(join(dir, "folder.jpg"))).toEqual(dataError(/expected a file, found a folder/));
    expect(await failure(await save("zero.jpg", ""))).toEqual(dataError(/found an empty file \(0 bytes\)/));
    await symlink("loop.jpg", join(dir, "loop.jpg"));
    expect(await failure(join(dir, "loop.jpg"))).toEqual(dataError(/expected a readable file, found ELOOP/));
  });

  it("other formats, whatever they are called", async () => {
    const svg = '<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>';
    const made: [string, Uint8Array | string | Sharp, RegExp][] = [
      ["a.png", photo().gif(), /expected JPEG, PNG or WebP data, found GIF;/],
      ["b.jpg", photo().tiff(), /found TIFF/],
      ["c.jpg", photo().avif(), /found AVIF/],
      ["d.png", svg, /found SVG or other XML/],
      ["e.webp", "<svg></svg>", /found SVG/],
      ["f.jpg", "not a picture at all\n", /found text/],
      ["g.jpg", "<!DOCTYPE html><html>404</html>", /found HTML/],
      ["h.jpg", "version https://git-lfs.github.com/spec/v1\n", /found Git LFS pointer \(run: git lfs pull\)/],
      ["i.jpg", Uint8Array.from(noise(9, 9, 1)), /found unknown format/],
      ["j.jpg", "BM", /found BMP/],
    ];
    for (const [name, data, text] of made) expect(await failure(await save(name, data))).toEqual(dataError(text));
  });

  it("the content decides, not the name", async () => {
    expect(rgbOf(await decodePicture(await save("really-png.jpg", photo().png())))).toEqual(noise(40, 30, 3));
    expect(await decodePicture(await save("no-extension", photo().webp()))).toMatchObject({ width: 40, height: 30 });
  });

  it("damaged pictures", async () => {
    for (const format of ["jpeg", "png", "webp"] as const) {
      const whole = await photo()[format]().toBuffer();
      const name = { jpeg: "JPEG", png: "PNG", webp: "WebP" }[format];
      for (const length of [12, 60, Math.floor(whole.length / 2), whole.length - 20]) {
        const file = await save(`cut-${length}.${format}`, whole.subarray(0, length));
        expect(await failure(file), `${format} cut to ${length}`).toEqual(
          dataError(
            new RegExp(
              `expected a whole ${name} picture, found damaged or cut off data \\([^\\n]+\\); replace or remove it$`,
            ),
          ),
        );
      }
    }
    const headless = await photo().jpeg().toBuffer();
    headless.fill(0, 3, 200);
    expect(await failure(await save("headless.jpg", headless))).toEqual(dataError(/expected a whole JPEG picture/));
    const flipped = await photo().png().toBuffer();
    flipped[flipped.length >> 1]! ^= 1;
    expect(await failure(await save("flipped.png", flipped))).toEqual(dataError(/expected a whole PNG picture/));
  });

  it("an image bomb, from its header alone", async () => {
    const bomb = await save("bomb.png", pngHeader(50_000, 50_000));
    expect(await failure(bomb)).toEqual(
      dataError(/expected at most 100000000 pixels, found 50000 x 50000 = 2500000000; make it smaller$/),
    );
    const small = await save("small.png", photo().png());
    expect(await failure(small, { maxPixels: 1199 })).toEqual(
      dataError(/expected at most 1199 pixels, found 40 x 30 = 1200/),
    );
    expect(await decodePicture(small, { maxPixels: 1200 })).toMatchObject({ width: 40 });
  });

  it("control characters of a name stay out of the message", async () => {
    expect(await failure(join(dir, "a\u001b[31mb\u202e.jpg"))).toEqual(dataError(/a\\u\{1b\}\[31mb\\u\{202e\}\.jpg/));
  });

  it("bytes changed at random: decoded or E_DATA, nothing else", async () => {
    const random = randomFrom(5);
    for (const format of ["jpeg", "png", "webp"] as const) {
      const whole = await photo()[format]().toBuffer();
      for (let trial = 0; trial < 40; trial++) {
        const mutant = Uint8Array.from(whole);
        for (let k = 0; k < 3; k++) mutant[Math.floor(random() * mutant.length)] = Math.floor(random() * 256);
        const result = await failure(await save("mutant", mutant));
        if (result !== "decoded") expect(result).toMatchObject({ code: "E_DATA" });
      }
    }
  });
});

describe("decodeAll", () => {
  const names = Array.from({ length: 9 }, (_, i) => `many-${i}.png`);
  beforeAll(async () => {
    for (const [i, name] of names.entries()) {
      // The first is much the largest, so later ones finish before it.
      const size = i === 0 ? 1200 : 4 + i;
      await save(name, i === 4 ? "broken" : raw(noise(size, 6, 3), size, 6, 3).png());
    }
  });
  const files = (): { file: string }[] => names.map((n) => ({ file: join(dir, n) }));

  it("keeps the order and hands out failures in their place", async () => {
    for (const concurrency of [1, 3, 20]) {
      const seen: unknown[] = [];
      for await (const decoded of decodeAll(files(), { concurrency })) {
        expect(decoded.item.file).toBe(files()[seen.length]!.file);
        seen.push("picture" in decoded ? decoded.picture.width : decoded.error.code);
      }
      expect(seen).toEqual([1200, 5, 6, 7, "E_DATA", 9, 10, 11, 12]);
    }
  });

  it("hands out the SHA-256 of each file, and no picture where it is known", async () => {
    const seen: unknown[] = [];
    const hashOf = async (file: string): Promise<string> =>
      createHash("sha256")
        .update(await readFile(file))
        .digest("hex");
    const known = await hashOf(files()[2]!.file);
    const asked: string[] = [];
    const skip = (hash: string): boolean => {
      asked.push(hash);
      return hash === known;
    };
    for await (const decoded of decodeAll(files(), { skip })) {
      if ("error" in decoded) continue;
      expect(decoded.hash).toBe(await hashOf(decoded.item.file));
      seen.push("picture" in decoded ? decoded.picture.width : decoded.cached);
    }
    expect(seen).toEqual([1200, 5, true, 7, 9, 10, 11, 12]);
    // A file that cannot be decoded is asked for all the same: its bytes are what counts.
    expect(asked).toHaveLength(9);
  });

  it("starts no more than `concurrency` at a time, the one handed out included", async () => {
    let started = 0;
    const counted = function* (): Generator<{ file: string }> {
      for (const file of files()) {
        started++;
        yield file;
      }
    };
    let taken = 0;
    for await (const _ of decodeAll(counted(), { concurrency: 3 })) {
      taken++;
      expect(started).toBeLessThanOrEqual(taken + 2);
    }
    expect(taken).toBe(9);
  });

  it("stops when left early and when aborted", async () => {
    let closed = false;
    const endless = function* (): Generator<{ file: string }> {
      try {
        for (;;) yield files()[1]!;
      } finally {
        closed = true;
      }
    };
    for await (const _ of decodeAll(endless(), { concurrency: 2 })) break;
    expect(closed).toBe(true);

    const controller = new AbortController();
    const reason = new Error("enough");
    const run = async (): Promise<void> => {
      for await (const _ of decodeAll(endless(), { concurrency: 2, signal: controller.signal }))
        controller.abort(reason);
    };
    await expect(run()).rejects.toBe(reason);
    await expect(decodePicture(files()[1]!.file, { signal: controller.signal })).rejects.toBe(reason);
  });

  it("refuses a concurrency that is no positive integer", async () => {
    await expect(decodeAll([], { concurrency: 0 }).next()).rejects.toMatchObject({ code: "E_USAGE" });
  });
});

/** A PNG of 1-bit greys whose header promises width x height and whose data is one row. */
function pngHeader(width: number, height: number): Buffer {
  const chunk = (type: string, data: Buffer): Buffer => {
    const body = Buffer.concat([Buffer.from(type, "latin1"), data]);
    const frame = Buffer.alloc(8);
    frame.writeUInt32BE(data.length, 0);
    frame.writeUInt32BE(crc32(body), 4);
    return Buffer.concat([frame.subarray(0, 4), body, frame.subarray(4)]);
  };
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header[8] = 1;
  const row = deflateSync(Buffer.alloc(1 + Math.ceil(width / 8)));
  const signature = Buffer.from("\x89PNG\r\n\x1a\n", "latin1");
  return Buffer.concat([signature, chunk("IHDR", header), chunk("IDAT", row), chunk("IEND", Buffer.alloc(0))]);
}

function crc32(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let k = 0; k < 8; k++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
  }
  return ~crc >>> 0;
}

// Four blocks of one CMYK colour each, 16 x 16 in all, and the colours Pillow 12.3 turns them into.
const cmykJpeg =
  "/9j/7gAOQWRvYmUAZAAAAAAA/9sAQwABAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEB/8AAFAgAEAAQBEMRAE0RAFkRAEsRAP/EABgAAQEBAQEAAAAAAAAAAAAAAAsKCQQH/8QAFBABAAAAAAAAAAAAAAAAAAAAAP/aAA4EQwBNAFkASwAAPwC/hzj/ANvwAHIAH+FABwhg+kvQfir2yDy8eO//2Q==";
const cmykColours = [
  [191, 95, 0, 255],
  [0, 255, 255, 255],
  [119, 103, 87, 255],
  [0, 0, 0, 255],
];
