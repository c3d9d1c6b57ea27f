/**
 * Pictures to network inputs on the GPU, with the pixels torchvision gets from Pillow: resize of the shorter side
 * (antialiased bilinear, width first), centre crop, (pixel / 255 - mean) / std.
 *
 * Method   the tables of both resizing passes are cut to the crop, so nothing outside it is uploaded or computed;
 *          the picture goes up in bands of rows, so no limit of a buffer bounds its size
 */
import {
  Arena,
  type BoundDispatch,
  bytesOf,
  check,
  chooseVariant,
  type Gpu,
  i32,
  normalizeImage,
  type Op,
  prepareLaunches,
  replay,
  resampleImage,
  type Spec,
  Usage,
  u8,
  u32,
} from "@tlx/kernels";
import { type CropWindow, cropWindow, cutPixels } from "./crop-window.js";
import type { Picture } from "./data/picture.js";

/** Shorter side to `resize`, centre square of `crop`, then (pixel / 255 - mean) / std per channel. */
export interface PreprocessSpec {
  readonly resize: number;
  readonly crop: number;
  readonly mean: readonly [number, number, number];
  readonly std: readonly [number, number, number];
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

/** Most bytes of a picture on the GPU at a time. */
const BAND_BYTES = 32 * 2 ** 20;
/** Bands are multiples of this many rows of pixels, so that what they make begins at a multiple of ALIGNMENT. */
const BAND_ROWS = 64;
/** Offsets of bindings are multiples of this on every device. */
const ALIGNMENT = 256;
const STORAGE = Usage.STORAGE | Usage.COPY_DST | Usage.COPY_SRC;

/** Writes pictures into the rows of a network's input. Calls may overlap; they are done one after the other. */
export class Preprocessor {
  private readonly gpu: Gpu;
  private readonly spec: PreprocessSpec;
  /** Buffers by use, kept from picture to picture and replaced by larger ones when needed. */
  private readonly held = new Map<string, { readonly arena: Arena; readonly buffer: GPUBuffer }>();
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
  }

  /** Bytes of one prepared picture: f32 [crop, crop, 3]. */
  private get rowBytes(): number {
    return this.spec.crop ** 2 * 3 * 4;
  }

  /** Compiles the kernels by way of one black pixel, so that the first picture does not wait for them. */
  prepare(): Promise<void> {
    const pixel = { width: 1, height: 1, data: new Uint8Array(4) };
    return this.run(pixel, this.buffer("row", this.rowBytes), 0);
  }

  /**
   * Enqueues the work that fills row `index` of `target`, f32 [N, crop, crop, 3]. Resolves when it is submitted: the
   * picture may be dropped then, and later submissions see the row. Throws E_SHAPE when `target` has no such row.
   */
  run(picture: Picture, target: GPUBuffer, index: number): Promise<void> {
    const done = this.last.then(() => this.fill(picture, target, index));
    this.last = done.catch(() => {});
    return done;
  }

  dispose(): void {
    this.disposed = true;
    for (const { arena } of this.held.values()) arena.dispose();
    this.held.clear();
  }

  private assertUsable(): void {
    check(!this.disposed, "E_USAGE", () => "preprocess: this Preprocessor was disposed; make another one");
  }

  private async fill(picture: Picture, target: GPUBuffer, index: number): Promise<void> {
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
    const row = direct ? { buffer: target, offset } : { buffer: this.buffer("row", rowBytes), offset: 0 };

    const { resize, crop } = this.spec;
    const geometry = preprocessGeometry(width, height, { resize, crop });
    const columns = cropWindow(width, geometry.width, geometry.left, crop);
    const rows = cropWindow(height, geometry.height, geometry.top, crop);
    const args = new Arena(gpu, "preprocess");
    try {
      const bands = this.bands(columns.extent, rows.extent);
      const band = this.buffer("band", 4 * columns.extent * bands[0]!.count);
      const groups = this.bind(args, columns, rows, bands, band, row);
      for (const [i, { from, count }] of bands.entries()) {
        const launches = await prepareLaunches(gpu, args, groups[i]!);
        this.assertUsable(); // it may have been disposed meanwhile
        const pixels = cutPixels(picture, columns, rows.first + from, count);
        gpu.device.queue.writeBuffer(band, 0, pixels as Uint8Array<ArrayBuffer>);
        const encoder = gpu.device.createCommandEncoder({ label: "preprocess" });
        const pass = encoder.beginComputePass({ label: "preprocess" });
        replay(pass, launches);
        pass.end();
        if (!direct && i === bands.length - 1) encoder.copyBufferToBuffer(row.buffer, 0, target, offset, rowBytes);
        gpu.device.queue.submit([encoder.finish()]);
      }
    } finally {
      args.dispose();
    }
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

  /** The dispatches of every band, those of the height pass and the normalisation with the last band's. */
  private bind(
    arena: Arena,
    columns: CropWindow,
    rows: CropWindow,
    bands: readonly Band[],
    band: GPUBuffer,
    row: { buffer: GPUBuffer; offset: number },
  ): BoundDispatch[][] {
    const { crop, mean, std } = this.spec;
    const narrow = this.buffer("narrow", 4 * rows.extent * crop);
    const small = this.buffer("small", 4 * crop * crop);
    const groups = bands.map(({ from, count }) =>
      this.bindOp(
        arena,
        resampleImage,
        [bound(u8(1, count, columns.extent, 4), band), ...this.table("width", columns)],
        { axis: "width", size: crop },
        { buffer: narrow, offset: 4 * from * crop },
      ),
    );
    groups
      .at(-1)!
      .push(
        ...this.bindOp(
          arena,
          resampleImage,
          [bound(u8(1, rows.extent, crop, 4), narrow), ...this.table("height", rows)],
          { axis: "height", size: crop },
          { buffer: small, offset: 0 },
        ),
        ...this.bindOp(arena, normalizeImage, [bound(u8(1, crop, crop, 4), small)], { mean, std }, row),
      );
    return groups;
  }

  private table(axis: "width" | "height", { starts, weights, taps }: CropWindow): Bound[] {
    return ([`${axis}/starts`, `${axis}/weights`] as const).map((name, i) => {
      const data = i === 0 ? starts : weights;
      const buffer = this.buffer(name, data.byteLength);
      this.gpu.device.queue.writeBuffer(buffer, 0, data as Uint32Array<ArrayBuffer>);
      return bound(i === 0 ? u32(starts.length) : i32(starts.length, taps), buffer);
    });
  }

  /** Lowers one op to dispatches on given buffers; its result goes to `output`. */
  private bindOp<P>(
    arena: Arena,
    op: Op<P>,
    inputs: readonly Bound[],
    params: P,
    output: { buffer: GPUBuffer; offset: number },
  ): BoundDispatch[] {
    const specs = inputs.map((i) => i.spec);
    const problem = { inputs: specs, outputs: op.infer(specs, params), params };
    const caps = this.gpu.capabilities;
    const { dispatches, scratch = [] } = chooseVariant(op, problem, caps).lower(problem, caps);
    const scratches = scratch.map(
      (spec, i) => bound(spec, arena.buffer(bytesOf(spec), STORAGE, `scratch ${i}`)).binding,
    );
    const result = { ...output, size: bytesOf(problem.outputs[0]!) };
    return dispatches.map((dispatch) => ({
      label: `preprocess/${op.name}`,
      dispatch,
      resolve: (operand) => {
        if ("input" in operand) return inputs[operand.input]!.binding;
        return "scratch" in operand ? scratches[operand.scratch]! : result;
      },
    }));
  }

  /** The buffer kept for `name`, replaced when it is smaller than `bytes`; sizes grow by powers of two. */
  private buffer(name: string, bytes: number): GPUBuffer {
    const old = this.held.get(name);
    if (old && old.buffer.size >= bytes) return old.buffer;
    old?.arena.dispose();
    const arena = new Arena(this.gpu, "preprocess");
    const buffer = arena.buffer(2 ** Math.ceil(Math.log2(bytes)), STORAGE, name);
    this.held.set(name, { arena, buffer });
    return buffer;
  }
}

/** Rows [from, from + count) of the rows a crop needs. */
interface Band {
  readonly from: number;
  readonly count: number;
}

interface Bound {
  readonly spec: Spec;
  readonly binding: GPUBufferBinding;
}

const bound = (spec: Spec, buffer: GPUBuffer): Bound => ({ spec, binding: { buffer, size: bytesOf(spec) } });
