/**
 * Reads an array of NumPy: magic, version, header length, a dictionary in Python's notation, numbers.
 *
 * Throws   E_WEIGHTS naming the array
 * Source   the format section of numpy.lib.format
 */
import { TlxError } from "@tlx/kernels";
import { bitsPerElement, type StoredTensor } from "../safetensors.js";
import { showName } from "../safetensors-header.js";
import { toRows } from "./strided-copy.js";

const dtypes: ReadonlyMap<string, string> = new Map([
  ["<f2", "F16"],
  ["<f4", "F32"],
  ["<f8", "F64"],
  ["|b1", "BOOL"],
  ["|i1", "I8"],
  ["<i2", "I16"],
  ["<i4", "I32"],
  ["<i8", "I64"],
  ["|u1", "U8"],
  ["<u2", "U16"],
  ["<u4", "U32"],
  ["<u8", "U64"],
]);

const maxHeaderBytes = 10_000;
/** As NumPy writes it, keys in this order. */
const header =
  /^\{'descr': ('[^'\\]{1,8}'|\[.*\]), 'fortran_order': (True|False), 'shape': \(((?:\d{1,16}(?:, ?\d{1,16}){0,15})?),?\),? ?\} *\n?$/s;

/** Of the bytes of a .npy file. */
export function readNpy(name: string, file: Uint8Array): StoredTensor {
  const fail = (text: string): never => {
    throw new TlxError("E_WEIGHTS", `NumPy array ${showName(name)}: ${text}`);
  };
  const magic = [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59];
  if (file.length < 10 || magic.some((byte, i) => file[i] !== byte)) fail("expected a .npy file, found something else");
  const major = file[6];
  if (major < 1 || major > 3) fail(`expected version 1 to 3 of the format, found ${major}`);
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  if (major > 1 && file.length < 12) fail("expected a header, found the end; it is truncated");
  const begin = major === 1 ? 10 : 12;
  const headerBytes = major === 1 ? view.getUint16(8, true) : view.getUint32(8, true);
  if (headerBytes > Math.min(maxHeaderBytes, file.length - begin)) {
    fail(`expected a header within the file and of at most ${maxHeaderBytes} bytes, found length ${headerBytes}`);
  }
  const text = String.fromCharCode(...file.subarray(begin, begin + headerBytes));
  const [, descr, order, extents] = header.exec(text) ?? fail(`expected a header of NumPy, found ${showName(text)}`);
  const dtype = dtypes.get(descr.slice(1, -1));
  if (descr.startsWith("[")) fail("expected numbers of one type, found records of several; save each as its own array");
  if (descr.includes("O")) fail("expected numbers, found Python objects (dtype O), which may run code and are refused");
  if (dtype === undefined) return fail(`expected little-endian numbers such as '<f4', found ${showName(descr)}`);
  const shape = extents === "" ? [] : extents.split(",").map(Number);
  const count = shape.reduce((a, b) => a * b, 1);
  const elementBytes = (bitsPerElement.get(dtype) as number) / 8;
  const bytes = file.subarray(begin + headerBytes);
  if (bytes.length !== count * elementBytes) {
    fail(`expected ${count * elementBytes} bytes for ${dtype} [${shape.join(", ")}], found ${bytes.length}`);
  }
  // Fortran's order: the first extent is the fastest.
  const strides = shape.map((_, d) =>
    (order === "True" ? shape.slice(0, d) : shape.slice(d + 1)).reduce((a, b) => a * b, 1),
  );
  return { name, dtype, shape, bytes: toRows({ bytes, elementBytes, offset: 0, shape, strides }) };
}
