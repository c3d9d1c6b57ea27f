/** Arrays as NumPy saves them. */
import { makeZip, type ZipOptions } from "./made-zip.js";

export const npyHeader = (descr: string, shape: string, fortran = "False"): string =>
  `{'descr': ${descr}, 'fortran_order': ${fortran}, 'shape': ${shape}, }`;

/** `header` padded as NumPy does, or of a length that is a lie. */
export function makeNpy(
  header: string,
  data: Uint8Array,
  { version = 1, length }: { version?: number; length?: number } = {},
): Uint8Array {
  const wide = version > 1;
  const start = wide ? 12 : 10;
  const padded = `${header.padEnd(Math.ceil((start + header.length + 1) / 64) * 64 - start - 1)}\n`;
  const file = Buffer.alloc(start + padded.length + data.length);
  file.write("\x93NUMPY", "latin1");
  file[6] = version;
  if (wide) file.writeUInt32LE(length ?? padded.length, 8);
  else file.writeUInt16LE(length ?? padded.length, 8);
  file.write(padded, start, "latin1");
  file.set(data, start + padded.length);
  return new Uint8Array(file);
}

export interface MadeArray {
  readonly shape: readonly number[];
  readonly descr?: string;
  readonly fortran?: boolean;
  readonly data: Float32Array | Float64Array | BigInt64Array | Uint8Array | Uint16Array;
}

export const showShape = (shape: readonly number[]): string =>
  shape.length === 1 ? `(${shape[0]},)` : `(${shape.join(", ")})`;

export const npyOf = ({ shape, descr = "<f4", fortran = false, data }: MadeArray): Uint8Array =>
  makeNpy(
    npyHeader(`'${descr}'`, showShape(shape), fortran ? "True" : "False"),
    new Uint8Array(data.buffer, data.byteOffset, data.byteLength),
  );

export const makeNpz = (
  arrays: Readonly<Record<string, Uint8Array>>,
  deflate = false,
  options: ZipOptions = {},
): Uint8Array =>
  makeZip(
    Object.entries(arrays).map(([name, data]) => ({ name: `${name}.npy`, data, deflate })),
    options,
  );
