import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import {
  Arena,
  cropImage,
  f32,
  Gpu,
  i32,
  normalizeImage,
  type Op,
  Reader,
  type ResampleFilter,
  resampleImage,
  resampleTable,
  type Spec,
  Usage,
  u8,
  u32,
} from "@tlx/kernels";
import { randomFrom, recordOf, records } from "@tlx/kernels/testing";
import { findModel, type Picture, Preprocessor, type PreprocessSpec, preprocessGeometry } from "@tlx/transfer";
import { decodePicture } from "@tlx/transfer/node";
import { afterEach, beforeAll, describe, expect, it } from "vitest";
import { testGpu } from "../../../test/support/gpu.js";
import { itShared, sharedPath } from "../../../test/support/shared.js";

let gpu: Gpu;
beforeAll(async () => {
  gpu = await testGpu();
});
afterEach(() => expect(gpu.liveBytes).toBe(0));

/** mean 0 and std 1 / 255: results are the pixels themselves. */
const plain = (resize: number, crop: number): PreprocessSpec => ({
  resize,
  crop,
  mean: [0, 0, 0],
  std: [1 / 255, 1 / 255, 1 / 255],
});
const imagenet: PreprocessSpec = { resize: 256, crop: 224, mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] };

function noisePicture(width: number, height: number): Picture {
  const random = randomFrom(width + 7919 * height);
  // Runs of black and white as well as noise, so that filters reach both ends of the range.
  const data = Uint8Array.from({ length: 4 * width * height }, (_, i) =>
    i % 4 === 3 ? 255 : random() < 0.3 ? ((i >> 5) % 2 === 0 ? 0 : 255) : Math.floor(256 * random()),
  );
  return { width, height, data };
}

interface Tensor {
  readonly spec: Spec;
  readonly data: Float64Array;
}

function reference<P>(op: Op<P>, inputs: readonly Tensor[], params: P): Tensor {
  const specs = inputs.map((t) => t.spec);
  const outputs = op.infer(specs, params);
  const [data] = recordOf(records, op)!.reference(
    inputs.map((t) => t.data),
    { inputs: specs, outputs, params },
  );
  return { spec: outputs[0]!, data: data! };
}

/** The whole preprocessing by the ops' references: resize everything, crop, normalise. */
function expectedOf({ width, height, data }: Picture, spec: PreprocessSpec): Float64Array {
  const { left, top, ...size } = preprocessGeometry(width, height, spec);
  let image: Tensor = { spec: u8(1, height, width, 4), data: Float64Array.from(data) };
  for (const axis of ["width", "height"] as const) {
    const table = resampleTable(axis === "width" ? width : height, size[axis]);
    const starts = { spec: u32(size[axis]), data: Float64Array.from(table.starts) };
    const weights = { spec: i32(size[axis], table.taps), data: Float64Array.from(table.weights) };
    image = reference(resampleImage, [image, starts, weights], { axis, size: size[axis] });
  }
  const cut = reference(cropImage, [image], { left, top, width: spec.crop, height: spec.crop });
  return reference(normalizeImage, [cut], spec).data;
}

/** Runs pictures into the rows of one target and reads all of it. */
async function prepared(pictures: readonly Picture[], spec: PreprocessSpec, on: Gpu = gpu): Promise<Float32Array> {
  const arena = new Arena(on, "test");
  const reader = new Reader(on, "test");
  const preprocessor = new Preprocessor(on, spec);
  const shape = f32(pictures.length, spec.crop, spec.crop, 3);
  try {
    const target = arena.buffer(
      4 * pictures.length * spec.crop ** 2 * 3,
      Usage.STORAGE | Usage.COPY_SRC | Usage.COPY_DST,
      "target",
    );
    await Promise.all(pictures.map((p, i) => preprocessor.run(p, target, i)));
    return (await reader.read(target, shape)).data as Float32Array;
  } finally {
    preprocessor.dispose();
    reader.dispose();
    arena.dispose();
  }
}

/** Largest difference, in units of one step of 255. */
function worst(found: ArrayLike<number>, expected: ArrayLike<number>): number {
  expect(found.length).toBe(expected.length);
  let most = 0;
  for (let i = 0; i < found.length; i++) most = Math.max(most, Math.abs(found[i]! - expected[i]!));
  return most;
}

describe("preprocessGeometry", () => {
  it.each([
    // width, height, resize, crop -> width, height, left, top, as torchvision gives them
    [320, 214, 256, 224, [382, 256, 79, 16]],
    [214, 320, 256, 224, [256, 382, 16, 79]],
    [320, 240, 256, 224, [341, 256, 58, 16]], // 58.5 to the even 58
    [500, 375, 256, 224, [341, 256, 58, 16]],
    [640, 480, 320, 299, [426, 320, 64, 10]], // 63.5 to 64, 10.5 to 10
    [256, 256, 256, 224, [256, 256, 16, 16]],
    [1, 1, 256, 224, [256, 256, 16, 16]],
    [3, 1000, 256, 224, [256, 85333, 16, 42554]],
  ])("%i x %i", (width, height, resize, crop, [w, h, left, top]) => {
    expect(preprocessGeometry(width, height, { resize, crop })).toEqual({ width: w, height: h, left, top });
  });
});

describe("Preprocessor", () => {
  it.each([
    ["landscape", 53, 37, 31, 26],
    ["portrait", 37, 53, 31, 26],
    ["enlarged", 9, 7, 40, 35],
    ["one pixel", 1, 1, 12, 7],
    ["strip", 400, 3, 9, 8],
    ["same size", 24, 24, 24, 24],
    ["same height", 50, 24, 24, 17],
    ["much smaller", 700, 500, 16, 11],
  ])("pixels are those of the references: %s", async (_, width, height, resize, crop) => {
    const picture = noisePicture(width, height);
    const found = await prepared([picture], plain(resize, crop));
    expect(worst(found.map(Math.round), expectedOf(picture, plain(resize, crop)).map(Math.round))).toBe(0);
  });

  it("normalises, and fills every row, aligned or not, whatever was there before", async () => {
    const pictures = [noisePicture(40, 30), noisePicture(300, 200), noisePicture(20, 70), noisePicture(40, 30)];
    // 7 * 7 * 3 * 4 = 588 bytes a row: only row 0 is aligned. 16 * 16 * 3 * 4 = 3072: all are.
    for (const [resize, crop] of [
      [9, 7],
      [17, 16],
    ] as const) {
      const spec = { ...imagenet, resize, crop };
      const found = await prepared(pictures, spec);
      const size = crop * crop * 3;
      for (const [i, picture] of pictures.entries()) {
        const row = found.subarray(i * size, (i + 1) * size);
        expect(worst(row, expectedOf(picture, spec))).toBeLessThan(2e-6);
      }
      expect(found.subarray(3 * size)).toEqual(found.subarray(0, size));
    }
  });

  it("a picture above the binding limit goes up in bands, with the same result", async () => {
    const picture = noisePicture(301, 407);
    const limited = new Gpu(gpu.device, { capabilities: { maxStorageBufferBindingSize: 4 * 301 * 70 } });
    const whole = await prepared([picture], plain(23, 19));
    const banded = await prepared([picture], plain(23, 19), limited);
    expect(limited.liveBytes).toBe(0);
    limited.dispose();
    expect(banded).toEqual(whole);
    expect(worst(whole.map(Math.round), expectedOf(picture, plain(23, 19)).map(Math.round))).toBe(0);
  });

  it("a picture of 40 million pixels", async () => {
    const [width, height] = [8000, 5000];
    const data = new Uint8Array(4 * width * height).fill(255);
    for (let y = 0; y < height; y++) data.fill(y < height / 2 ? 10 : 200, 4 * y * width, 4 * (y + 1) * width);
    const found = await prepared([{ width, height, data }], plain(256, 224));
    const column = Array.from({ length: 224 }, (_, y) => Math.round(found[3 * (224 * y + 100)]!));
    // The edge lies between rows 111 and 112; the filter reaches half a row over it.
    expect(column.slice(0, 111)).toEqual(Array(111).fill(10));
    expect(column.slice(113)).toEqual(Array(111).fill(200));
    expect(column[111]! + column[112]!).toBe(210);
  }, 60_000);

  it("a strip whose resized length no buffer could hold", async () => {
    const [width, height] = [200_000, 2];
    const data = Uint8Array.from({ length: 4 * width * height }, (_, i) =>
      i % 4 === 3 ? 255 : Math.floor(i / 4) % 251,
    );
    const found = await prepared([{ width, height, data }], plain(256, 224));
    // Only the middle pixels are seen, so a short strip of them gives the same.
    const middle = { width: 100, height, data: new Uint8Array(4 * 100 * height) };
    for (let y = 0; y < height; y++)
      middle.data.set(data.subarray(4 * (y * width + 99_950), 4 * (y * width + 100_050)), 400 * y);
    expect(worst(found.map(Math.round), expectedOf(middle, plain(256, 224)).map(Math.round))).toBe(0);
  });

  it("keeps its buffers from picture to picture and gives them back", async () => {
    const arena = new Arena(gpu, "test");
    const target = arena.buffer(4 * 7 * 7 * 3, Usage.STORAGE | Usage.COPY_DST, "target");
    const preprocessor = new Preprocessor(gpu, plain(9, 7));
    await preprocessor.prepare();
    // Uploads take turns among 32 buffers.
    for (let i = 0; i < 32; i++) await preprocessor.run(noisePicture(60, 50), target, 0);
    const bytes = gpu.liveBytes;
    for (let i = 0; i < 9; i++) await preprocessor.run(noisePicture(60 - i, 50 - i), target, 0);
    expect(gpu.liveBytes).toBe(bytes);
    preprocessor.dispose();
    arena.dispose();
    await expect(preprocessor.run(noisePicture(6, 5), target, 0)).rejects.toMatchObject({ code: "E_USAGE" });
  });

  it("refuses what does not fit, and goes on with the next picture", async () => {
    expect(() => new Preprocessor(gpu, plain(224, 256))).toThrow(/0 < crop <= resize, found crop 256, resize 224/);
    const arena = new Arena(gpu, "test");
    const target = arena.buffer(2 * 588, Usage.STORAGE | Usage.COPY_SRC | Usage.COPY_DST, "target");
    const preprocessor = new Preprocessor(gpu, plain(9, 7));
    const picture = noisePicture(12, 10);
    const runs = await Promise.allSettled([
      preprocessor.run(picture, target, 3),
      preprocessor.run({ ...picture, width: 13 }, target, 0),
      preprocessor.run(picture, target, 1),
    ]);
    expect(runs.map((r) => (r.status === "rejected" ? r.reason.message : "done"))).toEqual([
      "preprocess: expected a row inside a target of 1184 bytes, found row 3 of 588 bytes",
      "preprocess: expected 13 x 10 RGBA pixels in 520 bytes, found 480",
      "done",
    ]);
    preprocessor.dispose();
    arena.dispose();
  });
});

describe("real photos", () => {
  // [photo, start of the SHA-256 of its 224 of 256 pixels, of its 299 of 320], by Pillow 12.3 with torchvision's geometry.
  const photos = [
    ["0207_golden_retriever", "6b220e8d3c8b8a48", "98ae8d36d91e0246"],
    ["0232_Border_collie", "f36205a3744e99dc", "ae54924b3d13d10e"],
    ["0340_zebra", "fcfac5f05148a271", "17c2f56c38bdee39"],
    ["0417_balloon", "8efc9e25e241eeea", "fe44b9add94f05dd"],
    ["0465_bulletproof_vest", "0bf4d737fd119c54", "137e5942918b283f"],
    ["0530_digital_clock", "75bad3480751a22c", "2b79fd1bf1a04315"],
  ] as const;
  const pixelsOf = async (name: string, resize: number, crop: number, filter?: ResampleFilter): Promise<Uint8Array> => {
    const picture = await decodePicture(sharedPath("data/imagenet-samples", `${name}.jpg`)!);
    return Uint8Array.from((await prepared([picture], { ...plain(resize, crop), filter })).map(Math.round));
  };

  itShared("pixels are Pillow's, bit for bit", async () => {
    for (const [name, at224, at299] of photos) {
      for (const [resize, crop, expected] of [
        [256, 224, at224],
        [320, 299, at299],
      ] as const) {
        const hash = createHash("sha256")
          .update(await pixelsOf(name, resize, crop))
          .digest("hex");
        expect([name, crop, hash.slice(0, 16)]).toEqual([name, crop, expected]);
      }
    }
  });

  itShared("pixels are Pillow's with EfficientNet's filter too", async () => {
    const { resize, crop, filter } = findModel("efficientnet-b0").preprocess;
    for (const [name, expected] of [
      ["0207_golden_retriever", "a7751f892fedbff9"],
      ["0232_Border_collie", "042c046e5f4bf92c"],
      ["0340_zebra", "3fe5956e5a6269b7"],
    ] as const) {
      const hash = createHash("sha256").update(await pixelsOf(name, resize, crop, filter));
      expect([name, hash.digest("hex").slice(0, 16)]).toEqual([name, expected]);
    }
  });

  itShared("pixels are the golden ones", async () => {
    // The golden files round the longer side; these are the ones for which cutting it off gives the same size.
    for (const name of ["0340_zebra", "0417_balloon", "0465_bulletproof_vest", "0530_digital_clock"]) {
      const golden = await readFile(sharedPath("weights/golden", `${name}_224.rgb`)!);
      expect([name, worst(await pixelsOf(name, 256, 224), golden)]).toEqual([name, 0]);
    }
  });
});
