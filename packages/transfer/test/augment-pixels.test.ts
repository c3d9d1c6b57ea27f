/** What augmentation does to pixels: each change against its plain definition in double, all of them against the references. */
import {
  Arena,
  augmentImage,
  augmentTable,
  type Box,
  f32,
  Gpu,
  i32,
  type PixelChanges,
  Reader,
  resampleImage,
  resampleTable,
  Usage,
  u8,
  u32,
} from "@tlx/kernels";
import { randomFrom, recordOf, records } from "@tlx/kernels/testing";
import {
  type Augmentation,
  changePicture,
  drawAugmentation,
  type Picture,
  Preprocessor,
  type PreprocessSpec,
} from "@tlx/transfer";
import { afterEach, beforeAll, describe, expect, it } from "vitest";
import { testGpu } from "../../../test/support/gpu.js";

let gpu: Gpu;
beforeAll(async () => {
  gpu = await testGpu();
});
afterEach(() => expect(gpu.liveBytes).toBe(0));

/** mean 0 and std 1 / 255: results are the pixels themselves. */
const plain = (crop: number): PreprocessSpec => ({
  ...{ resize: crop, crop, mean: [0, 0, 0] },
  std: [1 / 255, 1 / 255, 1 / 255],
});

/** Smooth colours with noise on them, and runs of black and white. */
function madePicture(width: number, height: number): Picture {
  const random = randomFrom(width + 7919 * height);
  const data = Uint8Array.from({ length: 4 * width * height }, (_, i) => {
    if (i % 4 === 3) return 255;
    const [x, y] = [(i >> 2) % width, Math.floor((i >> 2) / width)];
    if ((i >> 7) % 9 === 0) return (i >> 5) % 2 === 0 ? 0 : 255;
    return Math.floor(128 + 60 * Math.sin(x / 3 + (i % 4)) + 40 * Math.cos(y / 5 - (i % 4)) + 27 * random());
  });
  return { width, height, data };
}

const unchanged: PixelChanges = {
  ...{ rotation: { cos: 65536, sin: 0 }, flip: false, brightness: 4096, contrast: 4096, saturation: 4096, hue: 0 },
  erase: { left: 0, top: 0, width: 0, height: 0 },
};
const whole = ({ width, height }: Picture): Box => ({ left: 0, top: 0, width, height });

/** Runs pictures into the rows of one target and reads all of it. */
async function prepared(
  items: readonly (readonly [Picture, Augmentation | undefined])[],
  spec: PreprocessSpec,
  on: Gpu = gpu,
): Promise<Float32Array> {
  const arena = new Arena(on, "test");
  const reader = new Reader(on, "test");
  const preprocessor = new Preprocessor(on, spec);
  const shape = f32(items.length, spec.crop, spec.crop, 3);
  try {
    const target = arena.buffer(
      4 * items.length * spec.crop ** 2 * 3,
      Usage.STORAGE | Usage.COPY_SRC | Usage.COPY_DST,
      "target",
    );
    await Promise.all(items.map(([picture, a], i) => preprocessor.run(picture, target, i, a && changePicture(a))));
    return (await reader.read(target, shape)).data as Float32Array;
  } finally {
    preprocessor.dispose();
    reader.dispose();
    arena.dispose();
  }
}

/** Pixels [size, size, 3] of a picture after changes. */
async function changed(picture: Picture, changes: Partial<Augmentation>): Promise<Float32Array> {
  const { width } = picture;
  const pixels = await prepared([[picture, { crop: whole(picture), ...unchanged, ...changes }]], plain(width));
  return pixels.map(Math.round);
}

type Colour = readonly [number, number, number];
const pixelOf = ({ width, data }: Picture, x: number, y: number): Colour =>
  [0, 1, 2].map((c) => data[4 * (y * width + x) + c]!) as unknown as Colour;
const clip = (v: number): number => Math.min(255, Math.max(0, v));
const greyOf = ([r, g, b]: Colour): number => 0.299 * r + 0.587 * g + 0.114 * b;
const map3 = (p: Colour, change: (v: number) => number): Colour => p.map(change) as unknown as Colour;

/** Every pixel by its own definition. */
function expected(picture: Picture, colour: (x: number, y: number) => Colour): number[] {
  const { width, height } = picture;
  return Array.from({ length: width * height }, (_, i) => colour(i % width, Math.floor(i / width))).flat();
}

const perPixel = (picture: Picture, change: (p: Colour) => Colour): number[] =>
  expected(picture, (x, y) => change(pixelOf(picture, x, y)));

/** Largest difference, in steps of 1 / 255. */
function worst(found: ArrayLike<number>, wanted: ArrayLike<number>): number {
  expect(found.length).toBe(wanted.length);
  let most = 0;
  for (let i = 0; i < found.length; i++) most = Math.max(most, Math.abs(found[i]! - wanted[i]!));
  return most;
}

function sampled(picture: Picture, x: number, y: number): Colour {
  const { width, height } = picture;
  const mirrored = (v: number, size: number): number => (v < 0 ? -1 - v : v >= size ? 2 * size - 1 - v : v);
  const at = (dx: number, dy: number): Colour =>
    pixelOf(picture, mirrored(Math.floor(x) + dx, width), mirrored(Math.floor(y) + dy, height));
  const [right, down] = [x - Math.floor(x), y - Math.floor(y)];
  const [a, b, c, d] = [at(0, 0), at(1, 0), at(0, 1), at(1, 1)];
  return [0, 1, 2].map(
    (k) => (1 - down) * ((1 - right) * a[k]! + right * b[k]!) + down * ((1 - right) * c[k]! + right * d[k]!),
  ) as unknown as Colour;
}

/** By hexagon: hue from the two other channels of the largest one, as colorsys has it. */
function turned([r, g, b]: Colour, by: number): Colour {
  const [high, low] = [Math.max(r, g, b), Math.min(r, g, b)];
  const span = high - low;
  if (span === 0) return [r, g, b];
  const hue = (r === high ? (g - b) / span : g === high ? 2 + (b - r) / span : 4 + (r - g) / span) / 6 + by;
  const channel = (shift: number): number => {
    const at = (((hue + shift) % 1) + 1) % 1;
    return low + span * Math.min(1, Math.max(0, Math.abs(at * 6 - 3) - 1));
  };
  return [channel(0), channel(-1 / 3), channel(1 / 3)];
}

describe("each change alone, against its definition in double", () => {
  const picture = madePicture(47, 47);

  it.each([-20, -7.3, 3, 10, 90, 180])("rotation by %d degrees, counterclockwise", async (degrees) => {
    const angle = (degrees * Math.PI) / 180;
    const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
    const rotation = { cos: Math.round(65536 * cos), sin: Math.round(65536 * sin) };
    const wanted = expected(picture, (x, y) => {
      const [dx, dy] = [x - 23, y - 23];
      // A whole position may come out a hair below itself, where the floor would jump.
      const tidy = (v: number): number => Math.round(v * 1e9) / 1e9;
      return sampled(picture, tidy(23 + cos * dx - sin * dy), tidy(23 + sin * dx + cos * dy));
    });
    expect(worst(await changed(picture, { rotation }), wanted)).toBeLessThanOrEqual(1);
  });

  it("a quarter turn moves the top right corner to the top left", async () => {
    const found = await changed(picture, { rotation: { cos: 0, sin: 65536 } });
    expect([...found.subarray(0, 3)]).toEqual(pixelOf(picture, 46, 0));
  });

  it("flip; twice is once around", async () => {
    const once = await changed(picture, { flip: true });
    expect(
      worst(
        once,
        expected(picture, (x, y) => pixelOf(picture, 46 - x, y)),
      ),
    ).toBe(0);
    const data = Uint8Array.from({ length: 4 * 47 * 47 }, (_, i) =>
      i % 4 === 3 ? 255 : once[3 * (i >> 2) + (i % 4)]!,
    );
    expect(
      worst(
        await changed({ ...picture, data }, { flip: true }),
        perPixel(picture, (p) => p),
      ),
    ).toBe(0);
  });

  it.each([0, 0.6, 1, 1.37])("brightness by %d", async (factor) => {
    const found = await changed(picture, { brightness: Math.round(4096 * factor) });
    const wanted = perPixel(picture, (p) => map3(p, (v) => clip(factor * v)));
    expect(worst(found, wanted)).toBeLessThanOrEqual(factor === 1 ? 0 : 1);
  });

  it.each([0, 0.6, 1, 1.4])("contrast by %d", async (factor) => {
    const found = await changed(picture, { contrast: Math.round(4096 * factor) });
    const greys = Array.from({ length: 47 * 47 }, (_, i) => greyOf(pixelOf(picture, i % 47, Math.floor(i / 47))));
    const mean = greys.reduce((a, b) => a + b, 0) / greys.length;
    const wanted = perPixel(picture, (p) => map3(p, (v) => clip(mean + factor * (v - mean))));
    expect(worst(found, wanted)).toBeLessThanOrEqual(factor === 1 ? 0 : 1);
  });

  it.each([0, 0.6, 1, 1.4])("saturation by %d", async (factor) => {
    const found = await changed(picture, { saturation: Math.round(4096 * factor) });
    const wanted = perPixel(picture, (p) => map3(p, (v) => clip(greyOf(p) + factor * (v - greyOf(p)))));
    expect(worst(found, wanted)).toBeLessThanOrEqual(factor === 1 ? 0 : 1);
  });

  it.each([-0.5, -0.1, 0, 0.02, 0.1, 1 / 3])("hue by %d", async (share) => {
    const found = await changed(picture, { hue: Math.round(24576 * share) });
    expect(
      worst(
        found,
        perPixel(picture, (p) => (share === 0 ? p : turned(p, share))),
      ),
    ).toBeLessThanOrEqual(share === 0 ? 0 : 1);
  });

  it("erasing gives the mean colour, which the network sees as nearly 0", async () => {
    const erase = { left: 3, top: 30, width: 20, height: 11 };
    const spec: PreprocessSpec = { ...plain(47), mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] };
    const item = [picture, { crop: whole(picture), ...unchanged }] as const;
    const found = await prepared([[item[0], { ...item[1], erase }], item], spec);
    for (let i = 0; i < 47 * 47; i++) {
      const [x, y] = [i % 47, Math.floor(i / 47)];
      const inside = x >= 3 && x < 23 && y >= 30 && y < 41;
      for (const c of [0, 1, 2]) {
        if (inside) expect(Math.abs(found[3 * i + c]!)).toBeLessThan(0.5 / 255 / 0.224 + 1e-6);
        else expect(found[3 * i + c]).toBe(found[3 * (47 * 47 + i) + c]);
      }
    }
  });

  it.each<[number, number, Box]>([
    [70, 50, { left: 5, top: 3, width: 61, height: 40 }],
    [70, 50, { left: 40, top: 20, width: 9, height: 12 }],
    [47, 47, { left: 46, top: 46, width: 1, height: 1 }],
  ])("a part of %i x %i: %j", async (width, height, crop) => {
    const source = madePicture(width, height);
    const found = await prepared([[source, { ...unchanged, crop }]], plain(23));
    const wanted = resizedPart(source, crop, 23);
    expect(worst(found.map(Math.round), wanted)).toBeLessThanOrEqual(1);
  });
});

/** A part resized to size x size by the triangle of its scale, normalised over the pixels inside the part. */
function resizedPart(picture: Picture, { left, top, width, height }: Box, size: number): number[] {
  const shares = (length: number, out: number): number[] => {
    const scale = length / size;
    const radius = Math.max(1, scale);
    const raw = Array.from({ length }, (_, i) => Math.max(0, 1 - Math.abs(i + 0.5 - (out + 0.5) * scale) / radius));
    const sum = raw.reduce((a, b) => a + b, 0);
    return raw.map((v) => v / sum);
  };
  return Array.from({ length: size * size }, (_, i) => {
    const across = shares(width, i % size);
    const down = shares(height, Math.floor(i / size));
    const sum = [0, 0, 0];
    down.forEach((d, y) => {
      if (d === 0) return;
      across.forEach((a, x) => {
        const pixel = pixelOf(picture, left + x, top + y);
        for (const c of [0, 1, 2]) sum[c]! += a * d * pixel[c]!;
      });
    });
    return sum;
  }).flat();
}

/** All of it by the ops' references: cut, resize, change. */
function byReferences({ width, data }: Picture, { crop, ...changes }: Augmentation, size: number): Float64Array {
  let pixels = Float64Array.from({ length: 4 * crop.width * crop.height }, (_, i) => {
    const [x, y] = [(i >> 2) % crop.width, Math.floor((i >> 2) / crop.width)];
    return data[4 * ((crop.top + y) * width + crop.left + x) + (i % 4)]!;
  });
  let shape: readonly [number, number] = [crop.height, crop.width];
  for (const axis of ["width", "height"] as const) {
    const { starts, weights, taps } = resampleTable(axis === "width" ? shape[1] : shape[0], size);
    const inputs = [u8(1, ...shape, 4), u32(size), i32(size, taps)];
    const params = { axis, size };
    const problem = { inputs, outputs: resampleImage.infer(inputs, params), params };
    const all = [pixels, Float64Array.from(starts), Float64Array.from(weights)];
    pixels = Float64Array.from(recordOf(records, resampleImage)!.reference(all, problem)[0]!);
    shape = axis === "width" ? [shape[0], size] : [size, size];
  }
  const inputs = [u8(1, size, size, 4), i32(1, 12)];
  const problem = { inputs, outputs: augmentImage.infer(inputs, {}), params: {} };
  const table = Float64Array.from(augmentTable(changes, [0, 0, 0]));
  const [made] = recordOf(records, augmentImage)!.reference([pixels, table], problem);
  return made!.filter((_, i) => i % 4 !== 3);
}

describe("drawn changes", () => {
  const draw = (picture: Picture, epoch: number, size: number, name: "light" | "standard" | "strong" = "strong") =>
    drawAugmentation(name, { ...picture, seed: 5, epoch, picture: "a picture", size });

  it.each([
    [1, 1],
    [1, 2000],
    [2000, 1],
    [3, 2],
    [61, 80],
    [400, 300],
  ])("of a picture of %i x %i give the references' pixels, bit for bit, every time", async (width, height) => {
    const picture = madePicture(width, height);
    for (const name of ["light", "standard", "strong"] as const) {
      const drawn = [0, 1, 2, 3].map((epoch) => draw(picture, epoch, 33, name));
      const items = drawn.map((a) => [picture, a] as const);
      const found = await prepared(items, plain(33));
      for (const [i, a] of drawn.entries()) {
        const row = found.subarray(i * 33 * 33 * 3, (i + 1) * 33 * 33 * 3);
        expect(worst(row.map(Math.round), byReferences(picture, a, 33))).toBe(0);
      }
      expect(await prepared(items, plain(33))).toEqual(found);
    }
  });

  it("are the same in bands", async () => {
    const picture = madePicture(301, 407);
    const limited = new Gpu(gpu.device, { capabilities: { maxStorageBufferBindingSize: 4 * 301 * 70 } });
    const items = [0, 1].map((epoch) => [picture, draw(picture, epoch, 19)] as const);
    expect(await prepared(items, plain(19), limited)).toEqual(await prepared(items, plain(19)));
    expect(limited.liveBytes).toBe(0);
    limited.dispose();
  });

  it("leave pictures without changes as they were, before and after", async () => {
    const picture = madePicture(61, 80);
    const size = 33 * 33 * 3;
    const alone = await prepared([[picture, undefined]], plain(33));
    const between = await prepared(
      [
        [picture, undefined],
        [picture, draw(picture, 1, 33)],
        [picture, undefined],
      ],
      plain(33),
    );
    expect(between.subarray(0, size)).toEqual(alone);
    expect(between.subarray(2 * size)).toEqual(alone);
    expect(between.subarray(size, 2 * size)).not.toEqual(alone);
  });

  it("of another picture are refused when they do not lie inside", async () => {
    const large = draw(madePicture(400, 300), 0, 33);
    await expect(prepared([[madePicture(20, 20), large]], plain(33))).rejects.toMatchObject({
      code: "E_SHAPE",
      message: expect.stringContaining("expected a part inside 20 x 20 pixels"),
    });
  });
});
