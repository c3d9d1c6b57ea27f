/**
 * Pictures to network inputs on the GPU, with the pixels torchvision gets from Pillow: resize of the shorter side
 * (antialiased, width first), centre crop, (pixel / 255 - mean) / std.
 *
 * Method   the tables of both resizing passes are cut to the crop, so nothing outside it is uploaded or computed;
 *          the picture goes up in bands of rows, so no limit of a buffer bounds its size
 */
import {
  type BoundDispatch,
  type Box,
  check,
  type Gpu,
  i32,
  KeptLaunches,
  normalizeImage,
  type ResampleFilter,
  replay,
  resampleImage,
  UploadRing,
  u8,
  u32,
} from "@tlx/kernels";
import { type Bound, bindOp, bound } from "./bind-op.js";
import { type CropWindow, cropWindow, cutPixels } from "./crop-window.js";
import type { Picture } from "./data/picture.js";
import { KeptBuffers } from "./kept-buffers.js";

/** Shorter side to `resize`, centre square of `crop`, then (pixel / 255 - mean) / std per channel. */
export interface PreprocessSpec {
  readonly resize: number;
  readonly crop: number;
  readonly mean: readonly [number, number, number];
  readonly std: readonly [number, number, number];
  /** Of the resize. Left out: bilinear. */
  readonly filter?: ResampleFilter;
}

/** Size after the resize, and the corner of the crop in it. */
export interface PreprocessGeometry {
  readonly width: number;
  readonly height: number;
  readonly left: number;
  readonly top: number;
}

/** As torchvision's Resize and CenterCrop: the longer side is cut off to a whole number, offsets round halves to even. */
export function preprocessGeometry(
  width: number,
  height: number,
  { resize, crop }: Pick<PreprocessSpec, "resize" | "crop">,
): PreprocessGeometry {
  const longer = Math.trunc((resize * Math.max(width, height)) / Math.min(width, height));
  const [w, h] = width <= height ? [resize, longer] : [longer, resize];
  return { width: w, height: h, left: roundHalfEven((w - crop) / 2), top: roundHalfEven((h - crop) / 2) };
}

function roundHalfEven(x: number): number {
  const floor = Math.floor(x);
  return x - floor === 0.5 ? floor + (floor % 2) : Math.round(x);
}

/** What training does to a picture on its way: a part of it is resized in place of the centre crop, and then changed. */
export interface PictureChange {
  /** In pixels of the source picture. */
  readonly crop: Box;
  /** Binds what changes the resized pixels in `square`, u8 [1, crop, crop, 4]; the changed ones are in `pixels`. */
  bind(
    gpu: Gpu,
    kept: KeptBuffers,
    square: GPUBuffer,
    spec: PreprocessSpec,
  ): { readonly dispatches: readonly BoundDispatch[]; readonly pixels: GPUBuffer };
}

/** Most bytes of a picture on the GPU at a time. */
const BAND_BYTES = 32 * 2 ** 20;
/** Bands are multiples of this many rows of pixels, so that what they make begins at a multiple of ALIGNMENT. */
const BAND_ROWS = 64;
/** Offsets of bindings are multiples of this on every device. */
const ALIGNMENT = 256;
/** Tables of centre crops kept at most: pictures of a folder tend to have few sizes. */
const MOST_WINDOWS = 64;

/**
 * Writes pictures into the rows of a network's input. Calls may overlap; they are done one after the other. What they need on the
 * device is kept: a picture no larger than those before creates nothing there.
 */
export class Preprocessor {
  private readonly gpu: Gpu;
  private readonly spec: PreprocessSpec;
  private readonly kept: KeptBuffers;
  private readonly launches: KeptLaunches;
  private readonly uploads: UploadRing;
  private readonly windowsKnown = new Map<string, CropWindow>();
  /** What the buffers of the tables hold. */
  private readonly written = new WeakMap<GPUBuffer, Uint32Array | Int32Array>();
  private last: Promise<void> = Promise.resolve();
  private disposed = false;

  /** Throws E_USAGE when the crop is larger than what the resize leaves, or when `mean` or `std` cannot be used. */
  constructor(gpu: Gpu, spec: PreprocessSpec) {
    const { resize, crop, mean, std } = spec;
    check(
      Number.isSafeInteger(resize) && Number.isSafeInteger(crop) && crop > 0 && crop <= resize,
      "E_USAGE",
      () => `preprocess: expected whole numbers with 0 < crop <= resize, found crop ${crop}, resize ${resize}`,
    );
    check(
      mean.every(Number.isFinite) && std.every((s) => Number.isFinite(s) && s > 0),
      "E_USAGE",
      () => `preprocess: expected numbers as mean and numbers above 0 as std, found [${mean}] and [${std}]`,
    );
    this.gpu = gpu;
    this.spec = spec;
    this.kept = new KeptBuffers(gpu, "preprocess");
    this.launches = new KeptLaunches(gpu, "preprocess");
    this.uploads = new UploadRing(gpu, "preprocess");
  }

  /** Bytes of one prepared picture: f32 [crop, crop, 3]. */
  private get rowBytes(): number {
    return this.spec.crop ** 2 * 3 * 4;
  }

  /** Compiles the kernels by way of one black pixel, so that the first picture does not wait for them. */
  prepare(): Promise<void> {
    const pixel = { width: 1, height: 1, data: new Uint8Array(4) };
    return this.run(pixel, this.kept.get("row", this.rowBytes), 0);
  }

  /**
   * Enqueues the work that fills row `index` of `target`, f32 [N, crop, crop, 3]. Resolves when it is submitted: the
   * picture may be dropped then, and later submissions see the row. Waits while too many pictures are under way. With a change
   * its part of the picture takes the place of the centre crop, and its pixels are changed before they are normalised.
   * Throws E_SHAPE when `target` has no such row or the part does not lie inside the picture.
   */
  run(picture: Picture, target: GPUBuffer, index: number, change?: PictureChange): Promise<void> {
    const done = this.last.then(() => this.fill(picture, target, index, change));
    this.last = done.catch(() => {});
    return done;
  }

  dispose(): void {
    this.disposed = true;
    this.launches.dispose();
    this.uploads.dispose();
    this.kept.dispose();
  }

  private assertUsable(): void {
    check(!this.disposed, "E_USAGE", () => "preprocess: this Preprocessor was disposed; make another one");
  }

  private async fill(
    picture: Picture,
    target: GPUBuffer,
    index: number,
    change: PictureChange | undefined,
  ): Promise<void> {
    const { gpu, rowBytes } = this;
    const { width, height, data } = picture;
    this.assertUsable();
    check(
      width > 0 && height > 0 && data.length === 4 * width * height,
      "E_SHAPE",
      () =>
        `preprocess: expected ${width} x ${height} RGBA pixels in ${4 * width * height} bytes, found ${data.length}`,
    );
    const offset = index * rowBytes;
    check(
      Number.isSafeInteger(index) && index >= 0 && offset + rowBytes <= target.size,
      "E_SHAPE",
      () =>
        `preprocess: expected a row inside a target of ${target.size} bytes, found row ${index} of ${rowBytes} bytes`,
    );
    const direct = offset % ALIGNMENT === 0;
    const row = direct
      ? { buffer: target, offset, size: rowBytes }
      : { buffer: this.kept.get("row", rowBytes), offset: 0, size: rowBytes };

    const { columns, rows } = this.windows(picture, change?.crop);
    const bands = this.bands(columns.extent, rows.extent);
    const band = this.kept.get("band", 4 * columns.extent * bands[0]!.count);
    const groups = this.bind(columns, rows, bands, band, row, change);
    for (const [i, { from, count }] of bands.entries()) {
      const launches = await this.launches.prepare(groups[i]!);
      const upload = await this.uploads.take(4 * columns.extent * count);
      try {
        this.assertUsable(); // it may have been disposed meanwhile
        cutPixels(picture, columns, rows.first + from, count, upload.bytes);
        const encoder = gpu.device.createCommandEncoder({ label: "preprocess" });
        upload.copyTo(encoder, band, 0);
        const pass = encoder.beginComputePass({ label: "preprocess" });
        replay(pass, launches);
        pass.end();
        if (!direct && i === bands.length - 1) encoder.copyBufferToBuffer(row.buffer, 0, target, offset, rowBytes);
        gpu.device.queue.submit([encoder.finish()]);
      } finally {
        upload.done();
      }
    }
  }

  /** What both resizing passes read and make: the centre crop, or all of `part` as a square. */
  private windows({ width, height }: Picture, part: Box | undefined): { columns: CropWindow; rows: CropWindow } {
    const { resize, crop, filter } = this.spec;
    if (!part) {
      const geometry = preprocessGeometry(width, height, { resize, crop });
      return {
        columns: this.centred(width, geometry.width, geometry.left),
        rows: this.centred(height, geometry.height, geometry.top),
      };
    }
    const { left, top } = part;
    check(
      [left, top, part.width - 1, part.height - 1].every((v) => Number.isSafeInteger(v) && v >= 0) &&
        left + part.width <= width &&
        top + part.height <= height,
      "E_SHAPE",
      () =>
        `preprocess: expected a part inside ${width} x ${height} pixels, found ${part.width} x ${part.height} from column ${left}, row ${top}; draw it for this picture`,
    );
    const columns = cropWindow(part.width, crop, 0, crop, filter);
    const rows = cropWindow(part.height, crop, 0, crop, filter);
    return { columns: { ...columns, first: left + columns.first }, rows: { ...rows, first: top + rows.first } };
  }

  private centred(inSize: number, outSize: number, first: number): CropWindow {
    const { windowsKnown: known, spec } = this;
    const key = `${inSize} ${outSize}`;
    let window = known.get(key);
    if (!window) {
      if (known.size >= MOST_WINDOWS) known.clear();
      window = cropWindow(inSize, outSize, first, spec.crop, spec.filter);
      known.set(key, window);
    }
    return window;
  }

  /** Splits `rows` rows of `columns` pixels into bands that fit the budget. */
  private bands(columns: number, rows: number): Band[] {
    const bytes = Math.min(BAND_BYTES, this.gpu.capabilities.maxStorageBufferBindingSize);
    const size = Math.max(1, Math.floor(bytes / (4 * columns * BAND_ROWS))) * BAND_ROWS;
    return Array.from({ length: Math.ceil(rows / size) }, (_, i) => ({
      from: i * size,
      count: Math.min(size, rows - i * size),
    }));
  }

  /** The dispatches of every band, all that follows the width pass with the last band's. */
  private bind(
    columns: CropWindow,
    rows: CropWindow,
    bands: readonly Band[],
    band: GPUBuffer,
    row: GPUBufferBinding,
    change: PictureChange | undefined,
  ): BoundDispatch[][] {
    const { gpu, kept } = this;
    const { crop, mean, std } = this.spec;
    const narrow = kept.get("narrow", 4 * rows.extent * crop);
    const small = kept.get("small", 4 * crop * crop);
    const square = u8(1, crop, crop, 4);
    const groups = bands.map(({ from, count }) => {
      const inputs = [bound(gpu, u8(1, count, columns.extent, 4), band), ...this.table("width", columns)];
      const params = { axis: "width", size: crop } as const;
      const offset = 4 * from * crop;
      const size = Math.min(narrow.size - offset, gpu.capabilities.maxStorageBufferBindingSize);
      return bindOp(gpu, kept, resampleImage, inputs, params, { buffer: narrow, offset, size });
    });
    const last = groups.at(-1)!;
    const shrunk = [bound(gpu, u8(1, rows.extent, crop, 4), narrow), ...this.table("height", rows)];
    const height = { axis: "height", size: crop } as const;
    last.push(...bindOp(gpu, kept, resampleImage, shrunk, height, { buffer: small }));
    let pixels = small;
    if (change) {
      const changed = change.bind(gpu, kept, small, this.spec);
      last.push(...changed.dispatches);
      pixels = changed.pixels;
    }
    last.push(...bindOp(gpu, kept, normalizeImage, [bound(gpu, square, pixels)], { mean, std }, row));
    return groups;
  }

  private table(axis: "width" | "height", { starts, weights, taps }: CropWindow): Bound[] {
    return ([`${axis}/starts`, `${axis}/weights`] as const).map((name, i) => {
      const data = i === 0 ? starts : weights;
      const buffer = this.kept.get(name, data.byteLength);
      if (this.written.get(buffer) !== data) {
        this.gpu.device.queue.writeBuffer(buffer, 0, data as Uint32Array<ArrayBuffer>);
        this.written.set(buffer, data);
      }
      return bound(this.gpu, i === 0 ? u32(starts.length) : i32(starts.length, taps), buffer);
    });
  }
}

/** Rows [from, from + count) of the rows a crop needs. */
interface Band {
  readonly from: number;
  readonly count: number;
}
