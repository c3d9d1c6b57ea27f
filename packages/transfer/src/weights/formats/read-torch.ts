/**
 * Reads what torch.save wrote, without executing it: the zip format of PyTorch 1.6 and later, and the one before it.
 *
 *   zip      NAME/data.pkl, the pickle; NAME/data/KEY, the numbers of a storage
 *   legacy   five pickles (magic number, version, platform, object, keys of the storages), then for each key its count of
 *            elements (u64) and its numbers
 *
 * Throws   E_WEIGHTS saying what is refused or does not fit
 * Source   torch/serialization.py of PyTorch, its formats
 */
import { check, TlxError } from "@tlx/kernels";
import { bitsPerElement, type Checkpoint, type StoredTensor } from "../safetensors.js";
import { showName } from "../safetensors-header.js";
import { readPickle, refusePickle } from "./pickle.js";
import { isKind, type PickleValue, type StorageRef, showKind, type TensorRef } from "./pickle-value.js";
import { findStateDict } from "./state-dict.js";
import { toRows } from "./strided-copy.js";
import { torchHost } from "./torch-values.js";
import { readZipEntry, type ZipEntry } from "./zip.js";

const MAGIC = 0x1950a86a20f9469cfc6cn;
const VERSION = 1001;

/** Tied weights share a storage two or three times; a file that shares more would grow without end. */
const maxSharing = 8;

const bytesPerElement = (dtype: string): number => (bitsPerElement.get(dtype) as number) / 8;

/** The bytes of a whole storage. */
type Storages = (storage: StorageRef) => Promise<Uint8Array>;

async function resolve(
  refs: ReadonlyMap<string, TensorRef>,
  storages: Storages,
  fileBytes: number,
): Promise<Checkpoint> {
  const tensors = new Map<string, StoredTensor>();
  let total = 0;
  for (const [name, { storage, offset, shape, strides }] of refs) {
    const { dtype } = storage;
    const elementBytes = bytesPerElement(dtype);
    total += elementBytes * shape.reduce((a, b) => a * b, 1);
    if (total > maxSharing * fileBytes) {
      refusePickle(`expected tensors of at most ${maxSharing} times the file's ${fileBytes} bytes, found more`);
    }
    const whole = await storages(storage);
    const bytes = toRows({ bytes: whole, elementBytes, offset: storage.begin + offset, shape, strides });
    tensors.set(name, { name, dtype, shape, bytes });
  }
  return { tensors, metadata: new Map() };
}

/** The folder that holds data.pkl: "archive/", or the name the file had when it was saved. */
export function torchFolder(entries: ReadonlyMap<string, ZipEntry>): string | undefined {
  const found = [...entries.keys()].find((name) => /^([^/]+\/)?data\.pkl$/.test(name));
  return found?.slice(0, -"data.pkl".length);
}

/** Of an archive in which `torchFolder` found `folder`. */
export async function readTorchZip(
  entries: ReadonlyMap<string, ZipEntry>,
  folder: string,
  fileBytes: number,
): Promise<Checkpoint> {
  const isScript = [...entries.keys()].some((n) => n === `${folder}constants.pkl` || n.startsWith(`${folder}code/`));
  if (isScript) refusePickle("expected tensors, found a TorchScript program; save model.state_dict() with torch.save");
  const order = entries.get(`${folder}byteorder`);
  if (order && new TextDecoder().decode(await readZipEntry(order)) !== "little") {
    refusePickle("expected little-endian numbers, found another byte order; save it again on a usual machine");
  }
  const pickle = await readZipEntry(entries.get(`${folder}data.pkl`) as ZipEntry);
  const { value, end } = readPickle(
    pickle,
    0,
    torchHost(() => {}),
  );
  if (end !== pickle.length)
    refusePickle(`expected its pickle to end at byte ${end}, found ${pickle.length - end} more`);
  const read = new Map<string, Promise<Uint8Array>>();
  const storages = (storage: StorageRef): Promise<Uint8Array> => {
    const { key, dtype, elements } = storage;
    const entry = entries.get(`${folder}data/${key}`);
    if (!entry) refusePickle(`expected the numbers of storage ${showName(key)} in the archive, found none`);
    checkLength(storage, entry.size, elements * bytesPerElement(dtype));
    const bytes = read.get(key) ?? readZipEntry(entry);
    read.set(key, bytes);
    return bytes;
  };
  return resolve(findStateDict(value), storages, fileBytes);
}

function checkLength({ key, dtype, elements }: StorageRef, found: number, expected: number): void {
  check(
    found === expected,
    "E_WEIGHTS",
    () =>
      `PyTorch file: storage ${showName(key)}: expected ${expected} bytes for ${elements} of ${dtype}, found ${found}; the file is damaged`,
  );
}

/** Files of the legacy format begin with the pickle of a number. */
export const isLegacyTorch = (file: Uint8Array): boolean => file.length > 1 && file[0] === 0x80 && file[1] <= 5;

function isLittleEndian(platform: PickleValue): boolean {
  return isKind(platform, "dict") && platform.entries.get("little_endian") === true;
}

/** Where in the file the numbers of each key lie. */
function placeStorages(
  file: Uint8Array,
  keys: PickleValue,
  named: ReadonlyMap<string, StorageRef>,
  begin: number,
): Map<string, Uint8Array> {
  if (!isKind(keys, "list")) refusePickle(`expected a list of storages, found ${showKind(keys)}`);
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  const places = new Map<string, Uint8Array>();
  let at = begin;
  for (const key of keys.items) {
    const storage = typeof key === "string" ? named.get(key) : undefined;
    if (!storage) refusePickle(`expected the keys of its storages, found ${showKind(key)} that no tensor names`);
    if (places.has(storage.key)) refusePickle(`expected storage ${showName(storage.key)} once, found it again`);
    if (at + 8 > file.length) refusePickle(`expected storage ${showName(storage.key)}, found the end; it is truncated`);
    const length = storage.elements * bytesPerElement(storage.dtype);
    const elements = view.getBigUint64(at, true);
    if (elements !== BigInt(storage.elements)) {
      refusePickle(`storage ${showName(storage.key)}: expected ${storage.elements} elements, found ${elements}`);
    }
    checkLength(storage, Math.min(length, file.length - at - 8), length);
    places.set(storage.key, file.subarray(at + 8, at + 8 + length));
    at += 8 + length;
  }
  if (at !== file.length) refusePickle(`expected the file to end at byte ${at}, found ${file.length - at} bytes more`);
  return places;
}

export async function readLegacyTorch(file: Uint8Array): Promise<Checkpoint> {
  const named = new Map<string, StorageRef>();
  const host = torchHost((storage) => {
    const known = named.get(storage.key) ?? storage;
    if (known.dtype !== storage.dtype || known.elements !== storage.elements) {
      refusePickle(`expected storage ${showName(storage.key)} to stay what it is, found another type or length`);
    }
    named.set(storage.key, known);
  });
  const magic = readPickle(file, 0, host);
  if (magic.value !== MAGIC) {
    throw new TlxError(
      "E_WEIGHTS",
      "pickle: expected a file of torch.save, found another pickle, which may hold anything and is refused; save model.state_dict() with torch.save",
    );
  }
  const version = readPickle(file, magic.end, host);
  if (version.value !== VERSION) refusePickle(`expected version ${VERSION} of its legacy format, found another`);
  const platform = readPickle(file, version.end, host);
  if (!isLittleEndian(platform.value)) refusePickle("expected little-endian numbers, found another byte order");
  const object = readPickle(file, platform.end, host);
  const tensors = findStateDict(object.value);
  const keys = readPickle(file, object.end, host);
  const places = placeStorages(file, keys.value, named, keys.end);
  const storages = async ({ key }: StorageRef): Promise<Uint8Array> => {
    const bytes = places.get(key);
    if (!bytes) refusePickle(`expected the numbers of storage ${showName(key)} at the end of the file, found none`);
    return bytes;
  };
  return resolve(tensors, storages, file.length);
}
