/** Reads weights in any format of one file, told by their first bytes. */
import { TlxError } from "@tlx/kernels";
import { isNpz, readNpz } from "./formats/read-npz.js";
import { isLegacyTorch, readLegacyTorch, readTorchZip, torchFolder } from "./formats/read-torch.js";
import { parseZip } from "./formats/zip.js";
import { type Checkpoint, parseSafetensors } from "./safetensors.js";
import { showName } from "./safetensors-header.js";

export type WeightsFormat = "safetensors" | "PyTorch" | "NumPy" | "TensorFlow.js";

export interface ReadCheckpoint {
  readonly format: WeightsFormat;
  /** Names and layouts as the file has them. */
  readonly checkpoint: Checkpoint;
}

/** Formats that are known but not read, and what to do with them. */
const others: readonly (readonly [at: number, magic: string, what: string])[] = [
  [0, "\x89HDF\r\n", "an HDF5 file, as Keras writes; convert it with tensorflowjs_converter and name its model.json"],
  [0, "\x1f\x8b", "a gzip file; unpack it and name the file inside"],
  [0, "\x93NUMPY", "one array of NumPy; save all of them with numpy.savez"],
  [257, "ustar", "a tar archive; unpack it and name the file inside"],
  [0, "PK\x05\x06", "an empty zip archive; get it again"],
];

const startsWith = (file: Uint8Array, magic: string, at = 0): boolean =>
  [...magic].every((letter, i) => file[at + i] === letter.charCodeAt(0));

/** Any two bytes can begin a length of a header; where that header must begin, and its upper bytes, tell. */
const isSafetensors = (file: Uint8Array): boolean => startsWith(file, "\0\0\0{", 5);

/** Is this the model.json of a TensorFlow.js model, whose numbers lie in other files? */
export const isTfjs = (file: Uint8Array): boolean =>
  !isSafetensors(file) && /^\s*\{[^\0]*$/.test(String.fromCharCode(...file.subarray(0, 8)));

/** Of protocols 0 and 1, in which every opcode is a letter. */
const isTextPickle = (file: Uint8Array): boolean =>
  /^(c[\w.]{1,40}\n|[(\]}][a-z0-9(\]}])/.test(String.fromCharCode(...file.subarray(0, 50)));

function fail(found: string): never {
  throw new TlxError(
    "E_WEIGHTS",
    `expected weights in safetensors, PyTorch's .pth or .pt, NumPy's .npz or TensorFlow.js's model.json, found ${found}`,
  );
}

async function readZip(file: Uint8Array): Promise<ReadCheckpoint> {
  const entries = parseZip(file);
  const folder = torchFolder(entries);
  if (folder !== undefined) return { format: "PyTorch", checkpoint: await readTorchZip(entries, folder, file.length) };
  if (isNpz(entries)) return { format: "NumPy", checkpoint: await readNpz(entries) };
  const names = [...entries.keys()].slice(0, 3).map(showName);
  return fail(`a zip archive of ${names.join(", ") || "nothing"}; unpack it and name the file of weights`);
}

/** Throws E_WEIGHTS for a file that is damaged, hostile or of another kind. */
export async function readCheckpoint(file: Uint8Array): Promise<ReadCheckpoint> {
  if (isSafetensors(file)) return { format: "safetensors", checkpoint: parseSafetensors(file) };
  if (startsWith(file, "PK\x03\x04")) return readZip(file);
  if (isLegacyTorch(file)) return { format: "PyTorch", checkpoint: await readLegacyTorch(file) };
  const other = others.find(([at, magic]) => startsWith(file, magic, at));
  if (other) fail(other[2]);
  if (isTextPickle(file))
    fail("a pickle of an old protocol, which is refused; save model.state_dict() with torch.save");
  if (isTfjs(file)) fail("a model.json without its shards; readTfjs reads both");
  return { format: "safetensors", checkpoint: parseSafetensors(file) };
}
