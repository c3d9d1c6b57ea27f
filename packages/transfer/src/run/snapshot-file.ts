/**
 * A snapshot as one safetensors file. Its metadata holds identity and position in JSON, and the SHA-256 of the whole file
 * with zeros in place of the digits themselves: no byte of it can change unnoticed.
 */
import { check, TlxError } from "@tlx/kernels";
import { sha256 } from "../sha256.js";
import type { Snapshot, SnapshotPosition } from "../train/snapshot.js";
import { type Checkpoint, parseSafetensors, toHostTensor } from "../weights/safetensors.js";
import { writeSafetensors } from "../weights/write-safetensors.js";

const FORMAT = "tlx-state";
const VERSION = "1";
const zeros = "0".repeat(64);
/** No other text of a header holds this: quotes inside of one are escaped. */
const mark = '"sha256":"';

const ascii = (text: string): Uint8Array => new TextEncoder().encode(text);

/** Where the digits of the checksum begin; past the end when the file has none. */
function findDigits(file: Uint8Array): number {
  const wanted = ascii(mark);
  const begin = file.findIndex((_, i) => wanted.every((byte, j) => file[i + j] === byte));
  return begin === -1 ? file.length : begin + wanted.length;
}

/** JSON makes null of what is no finite number, so that is refused. */
function toJson(what: string, value: unknown): string {
  return JSON.stringify(value, (key, inner) => {
    if (typeof inner !== "number" || Number.isFinite(inner)) return inner;
    throw new TlxError("E_GRAPH", `state: expected finite numbers in the ${what}, found ${inner} as "${key}"`);
  });
}

/** Throws E_GRAPH for an identity or a position that JSON cannot hold. */
export async function writeSnapshot({ identity, position, tensors }: Snapshot): Promise<Uint8Array> {
  const metadata = {
    format: FORMAT,
    version: VERSION,
    identity: toJson("identity", identity),
    position: toJson("position", position),
    sha256: zeros,
  };
  const file = writeSafetensors(tensors, new Map(Object.entries(metadata)));
  file.set(ascii(await sha256(file)), findDigits(file));
  return file;
}

function parseFile(file: Uint8Array): Checkpoint {
  try {
    return parseSafetensors(file);
  } catch (error) {
    if (!(error instanceof TlxError)) throw error;
    throw new TlxError(error.code, `state: the file is damaged: ${error.message}`, {}, error);
  }
}

function parseEntry(
  metadata: Checkpoint["metadata"],
  name: "identity" | "position",
): Readonly<Record<string, unknown>> {
  const value: unknown = JSON.parse(metadata.get(name) ?? "null");
  check(
    typeof value === "object" && value !== null && !Array.isArray(value),
    "E_WEIGHTS",
    () =>
      `state: expected the ${name} as an object, found ${metadata.get(name) ?? "none"}; the file was made by another program`,
  );
  return value as Readonly<Record<string, unknown>>;
}

function isPosition(value: Readonly<Record<string, unknown>>): value is SnapshotPosition {
  return [value.phase, value.epoch, value.step].every((n) => Number.isSafeInteger(n) && (n as number) >= 0);
}

/** Throws E_WEIGHTS for a file that is cut, changed, of another version or none of `writeSnapshot`. */
export async function readSnapshot(file: Uint8Array): Promise<Snapshot> {
  const { metadata, tensors } = parseFile(file);
  const found = [metadata.get("format"), metadata.get("version")];
  check(
    found[0] === FORMAT && found[1] !== undefined,
    "E_WEIGHTS",
    () => `state: expected the saved state of a training, found ${found[0] ?? "another safetensors file"}`,
  );
  check(
    found[1] === VERSION,
    "E_WEIGHTS",
    () =>
      `state: expected version ${VERSION} of the format, found ${found[1]}; use the version of tlx that began the run, unless the file is damaged`,
  );
  const blank = new Uint8Array(file);
  const at = findDigits(file);
  blank.subarray(at, at + zeros.length).fill(0x30);
  const [expected, actual] = [metadata.get("sha256"), await sha256(blank)];
  check(
    expected === actual,
    "E_WEIGHTS",
    () => `state: the file is damaged: expected SHA-256 ${expected}, found ${actual}`,
  );
  const position = parseEntry(metadata, "position");
  check(
    isPosition(position),
    "E_WEIGHTS",
    () => `state: expected whole numbers as phase, epoch and step, found ${metadata.get("position")}`,
  );
  return {
    identity: parseEntry(metadata, "identity"),
    position,
    tensors: new Map([...tensors].map(([name, tensor]) => [name, toHostTensor(tensor)])),
  };
}
