/**
 * Writes safetensors, the same bytes for the same tensors: wide elements first, so that all are aligned, then by name. The
 * data begins at a multiple of 8 bytes.
 */
import { check, type HostTensor, sizeOf, TlxError } from "@tlx/kernels";
import { bitsPerElement, maxHeaderBytes, type StoredTensor } from "./safetensors.js";
import { showName } from "./safetensors-header.js";

const storedDType: ReadonlyMap<string, string> = new Map([
  ["f32", "F32"],
  ["u32", "U32"],
  ["i32", "I32"],
]);

const byKey = ([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number => (a < b ? -1 : 1);

function checkText(text: string): void {
  check(
    !/\p{Cs}/u.test(text),
    "E_WEIGHTS",
    () => `safetensors: expected names and metadata in valid Unicode, found half a surrogate pair in ${showName(text)}`,
  );
}

function checkName(name: string): void {
  checkText(name);
  check(name !== "__metadata__", "E_WEIGHTS", () => `safetensors: "__metadata__" cannot be the name of a tensor`);
}

/** The tensor as a file holds it. Typed arrays are little-endian wherever WebGPU runs. */
export function toStored(name: string, tensor: HostTensor | StoredTensor): StoredTensor {
  if ("bytes" in tensor) return tensor;
  const { spec, data } = tensor;
  const dtype = storedDType.get(spec.dtype);
  check(
    dtype !== undefined,
    "E_WEIGHTS",
    () => `safetensors tensor ${showName(name)}: expected f32, u32 or i32 to write, found ${spec.dtype}`,
  );
  check(
    data.length === sizeOf(spec),
    "E_WEIGHTS",
    () =>
      `safetensors tensor ${showName(name)}: expected ${sizeOf(spec)} values for [${spec.shape.join(", ")}], found ${data.length}`,
  );
  const words = data instanceof Float64Array ? new Float32Array(data) : data;
  return { name, dtype, shape: spec.shape, bytes: new Uint8Array(words.buffer, words.byteOffset, words.byteLength) };
}

const bitsOf = ({ dtype }: StoredTensor): number => bitsPerElement.get(dtype) as number;

/** A `StoredTensor`, as a checkpoint holds it, is written with its dtype and its bytes. */
export function writeSafetensors(
  tensors: ReadonlyMap<string, HostTensor | StoredTensor>,
  metadata: ReadonlyMap<string, string> = new Map(),
): Uint8Array {
  for (const name of tensors.keys()) checkName(name);
  const sorted = [...tensors]
    .sort(byKey)
    .map(([name, tensor]) => ({ ...toStored(name, tensor), name }))
    .sort((a, b) => bitsOf(b) - bitsOf(a));
  const members: string[] = [];
  if (metadata.size > 0) {
    const pairs = [...metadata].sort(byKey);
    for (const pair of pairs) pair.forEach(checkText);
    const texts = pairs.map(([key, value]) => `${JSON.stringify(key)}:${JSON.stringify(value)}`);
    members.push(`"__metadata__":{${texts.join(",")}}`);
  }
  let end = 0;
  for (const { name, dtype, shape, bytes } of sorted) {
    const begin = end;
    end += bytes.byteLength;
    members.push(`${JSON.stringify(name)}:{"dtype":"${dtype}","shape":[${shape}],"data_offsets":[${begin},${end}]}`);
  }
  const text = new TextEncoder().encode(`{${members.join(",")}}`);
  const headerBytes = Math.ceil(text.length / 8) * 8;
  if (headerBytes > maxHeaderBytes) {
    throw new TlxError(
      "E_WEIGHTS",
      `safetensors: expected a header of at most ${maxHeaderBytes} bytes, names and metadata need ${headerBytes}`,
    );
  }
  const buffer = new ArrayBuffer(8 + headerBytes + end);
  const file = new Uint8Array(buffer);
  new DataView(buffer).setBigUint64(0, BigInt(headerBytes), true);
  file.fill(0x20, 8, 8 + headerBytes);
  file.set(text, 8);
  let at = 8 + headerBytes;
  for (const { bytes } of sorted) {
    file.set(bytes, at);
    at += bytes.byteLength;
  }
  return file;
}
