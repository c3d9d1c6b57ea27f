/** Writes safetensors, the same bytes for the same tensors: sorted names, data aligned to 8 bytes. */
import { check, type HostTensor, sizeOf, TlxError } from "@tlx/kernels";
import { maxHeaderBytes } from "./safetensors.js";
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

function checkTensor(name: string, { spec, data }: HostTensor): void {
  checkText(name);
  check(name !== "__metadata__", "E_WEIGHTS", () => `safetensors: "__metadata__" cannot be the name of a tensor`);
  check(
    storedDType.has(spec.dtype),
    "E_WEIGHTS",
    () => `safetensors tensor ${showName(name)}: expected f32, u32 or i32 to write, found ${spec.dtype}`,
  );
  check(
    data.length === sizeOf(spec),
    "E_WEIGHTS",
    () =>
      `safetensors tensor ${showName(name)}: expected ${sizeOf(spec)} values for [${spec.shape.join(", ")}], found ${data.length}`,
  );
}

function viewAs(dtype: string, buffer: ArrayBuffer, start: number, length: number): Float32Array | Uint32Array {
  if (dtype === "f32") return new Float32Array(buffer, start, length);
  // Two's complement: signed and unsigned words are the same bits.
  return new Uint32Array(buffer, start, length);
}

export function writeSafetensors(
  tensors: ReadonlyMap<string, HostTensor>,
  metadata: ReadonlyMap<string, string> = new Map(),
): Uint8Array {
  const sorted = [...tensors].sort(byKey);
  const members: string[] = [];
  if (metadata.size > 0) {
    const pairs = [...metadata].sort(byKey);
    for (const pair of pairs) pair.forEach(checkText);
    const texts = pairs.map(([key, value]) => `${JSON.stringify(key)}:${JSON.stringify(value)}`);
    members.push(`"__metadata__":{${texts.join(",")}}`);
  }
  let end = 0;
  for (const [name, tensor] of sorted) {
    checkTensor(name, tensor);
    const begin = end;
    end += 4 * tensor.data.length;
    const dtype = storedDType.get(tensor.spec.dtype);
    members.push(
      `${JSON.stringify(name)}:{"dtype":"${dtype}","shape":[${tensor.spec.shape}],"data_offsets":[${begin},${end}]}`,
    );
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
  for (const [, { spec, data }] of sorted) {
    viewAs(spec.dtype, buffer, at, data.length).set(data);
    at += 4 * data.length;
  }
  return file;
}
