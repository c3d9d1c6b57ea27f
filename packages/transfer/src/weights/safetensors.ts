/**
 * Reads safetensors: u64 header length, JSON header, raw little-endian data. Strict to the letter of the format.
 *
 * Throws   E_WEIGHTS naming the tensor, what was expected and what was found
 * Source   the format section of huggingface/safetensors
 */
import { check, type DType, type HostTensor, TlxError } from "@tlx/kernels";
import { decodeBfloat16, decodeFloat16 } from "./half-float.js";
import { type HeaderEntry, parseHeader, showName } from "./safetensors-header.js";

export interface StoredTensor {
  readonly name: string;
  /** As the file writes it: "F32", "BF16", ... */
  readonly dtype: string;
  readonly shape: readonly number[];
  /** A view into the file, at any alignment. */
  readonly bytes: Uint8Array;
}

export interface Checkpoint {
  readonly tensors: ReadonlyMap<string, StoredTensor>;
  readonly metadata: ReadonlyMap<string, string>;
}

/** The longest header the format allows, in bytes. */
export const maxHeaderBytes = 100_000_000;

/** Of every dtype of the format. */
export const bitsPerElement: ReadonlyMap<string, number> = new Map([
  ["F4", 4],
  ["F6_E2M3", 6],
  ["F6_E3M2", 6],
  ["BOOL", 8],
  ["U8", 8],
  ["I8", 8],
  ["F8_E5M2", 8],
  ["F8_E4M3", 8],
  ["F8_E8M0", 8],
  ["F8_E4M3FNUZ", 8],
  ["F8_E5M2FNUZ", 8],
  ["I16", 16],
  ["U16", 16],
  ["F16", 16],
  ["BF16", 16],
  ["I32", 32],
  ["U32", 32],
  ["F32", 32],
  ["C64", 64],
  ["F64", 64],
  ["I64", 64],
  ["U64", 64],
]);

/** "F32 [8, 3, 3, 3]", cut short if a file claims hundreds of extents. */
export function showStored(tensor: { readonly dtype: string; readonly shape: readonly number[] }): string {
  const extents = tensor.shape.slice(0, 8).join(", ");
  return `${tensor.dtype} [${extents}${tensor.shape.length > 8 ? ", ..." : ""}]`;
}

function checkSize(entry: HeaderEntry): void {
  const tensor = `safetensors tensor ${showName(entry.name)}`;
  const bits = bitsPerElement.get(entry.dtype);
  check(
    bits !== undefined,
    "E_WEIGHTS",
    () => `${tensor}: expected a dtype of the format (F32, F16, BF16, ...), found ${showName(entry.dtype)}`,
  );
  let total = bits;
  for (const extent of entry.shape) {
    total *= extent;
    check(
      Number.isSafeInteger(total),
      "E_WEIGHTS",
      () => `${tensor}: expected a size below 2^53 bits, found ${showStored(entry)}`,
    );
  }
  const found = entry.end - entry.begin;
  check(
    found === total / 8,
    "E_WEIGHTS",
    () =>
      `${tensor}: expected ${total / 8} bytes for ${showStored(entry)}, found data_offsets [${entry.begin}, ${entry.end}]`,
  );
}

/** The tensors must cover the data without holes and overlaps, so that a file can hide nothing. */
function checkCover(entries: Iterable<HeaderEntry>, dataBytes: number): void {
  let covered = 0;
  for (const entry of [...entries].sort((a, b) => a.begin - b.begin || a.end - b.end)) {
    checkSize(entry);
    check(
      entry.begin === covered,
      "E_WEIGHTS",
      () =>
        `safetensors tensor ${showName(entry.name)}: expected to begin at byte ${covered} of the data, where the tensor before ends, found ${entry.begin}: tensors overlap or leave a hole`,
    );
    covered = entry.end;
  }
  check(
    covered === dataBytes,
    "E_WEIGHTS",
    () =>
      `safetensors: expected ${covered} bytes of data by the header, found ${dataBytes}: the file is truncated or was written wrong; get it again`,
  );
}

function decodeUtf8(bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new TlxError("E_WEIGHTS", "safetensors: expected a header in UTF-8, found other bytes", {}, cause);
  }
}

export function parseSafetensors(file: Uint8Array): Checkpoint {
  check(
    file.byteLength >= 8,
    "E_WEIGHTS",
    () => `safetensors: expected at least 8 bytes, the header length, found ${file.byteLength}`,
  );
  const headerBytes = new DataView(file.buffer, file.byteOffset, 8).getBigUint64(0, true);
  const limit = Math.min(maxHeaderBytes, file.byteLength - 8);
  check(
    headerBytes <= BigInt(limit),
    "E_WEIGHTS",
    () =>
      `safetensors: expected a header of at most ${limit} bytes, found length ${headerBytes}: the file is truncated or not safetensors`,
  );
  check(
    headerBytes > 0n && file[8] === 0x7b,
    "E_WEIGHTS",
    () => `safetensors: expected a header that begins with "{", found something else: the file is not safetensors`,
  );
  const dataStart = 8 + Number(headerBytes);
  const { entries, metadata } = parseHeader(decodeUtf8(file.subarray(8, dataStart)));
  checkCover(entries.values(), file.byteLength - dataStart);

  const tensors = new Map<string, StoredTensor>();
  for (const { name, dtype, shape, begin, end } of entries.values()) {
    const bytes = new Uint8Array(file.buffer, file.byteOffset + dataStart + begin, end - begin);
    tensors.set(name, { name, dtype, shape, bytes });
  }
  return { tensors, metadata };
}

/** The values as float32, in memory of their own. F32, F16 and BF16 can be read. */
export function toFloat32(tensor: StoredTensor): Float32Array {
  // Copied, since a view would need alignment. Typed arrays are little-endian wherever WebGPU runs.
  if (tensor.dtype === "F32") return new Float32Array(new Uint8Array(tensor.bytes).buffer);
  if (tensor.dtype === "F16") return decodeFloat16(new Uint16Array(new Uint8Array(tensor.bytes).buffer));
  if (tensor.dtype === "BF16") return decodeBfloat16(new Uint16Array(new Uint8Array(tensor.bytes).buffer));
  throw new TlxError(
    "E_WEIGHTS",
    `tensor ${showName(tensor.name)}: expected F32, F16 or BF16, found ${showStored(tensor)}`,
  );
}

/** The tensor as tlx holds it: floats become f32, U32 and I32 stay what they are. */
export function toHostTensor(tensor: StoredTensor): HostTensor {
  const spec = (dtype: DType) => ({ dtype, shape: tensor.shape });
  if (tensor.dtype === "U32") return { spec: spec("u32"), data: new Uint32Array(new Uint8Array(tensor.bytes).buffer) };
  if (tensor.dtype === "I32") return { spec: spec("i32"), data: new Int32Array(new Uint8Array(tensor.bytes).buffer) };
  return { spec: spec("f32"), data: toFloat32(tensor) };
}
