/** Reads a TensorFlow.js layers model: tensors with Keras's names in Keras's layout; quantised ones become float32. */
import { TlxError } from "@tlx/kernels";
import type { Checkpoint, StoredTensor } from "../safetensors.js";
import { showName } from "../safetensors-header.js";
import {
  type ManifestWeight,
  parseTfjsManifest,
  type ShardGroup,
  storedBytes,
  type TfjsFormat,
} from "./tfjs-manifest.js";

/** The bytes of a shard by its path from the folder of model.json, which never leads out of it. */
export type ReadShard = (path: string) => Promise<Uint8Array>;

const dtypes: ReadonlyMap<string, string> = new Map([
  ["float32", "F32"],
  ["float16", "F16"],
  ["int32", "I32"],
  ["bool", "BOOL"],
]);

const lengthOf = ({ shape, stored }: ManifestWeight): number =>
  shape.reduce((a, b) => a * b, storedBytes.get(stored) as number);

/** The shards of a group one behind the other: as many bytes as its weights take, neither more nor less. */
async function joinShards({ paths, weights }: ShardGroup, readShard: ReadShard): Promise<Uint8Array> {
  const expected = weights.reduce((sum, weight) => sum + lengthOf(weight), 0);
  const fail = (found: string): never => {
    throw new TlxError(
      "E_WEIGHTS",
      `TensorFlow.js model: expected ${expected} bytes in ${paths.map(showName).slice(0, 3).join(", ")}, found ${found}; a shard is damaged or of another model`,
    );
  };
  const shards: Uint8Array[] = [];
  let total = 0;
  for (const path of paths) {
    const shard = await readShard(path);
    shards.push(shard);
    total += shard.length;
    if (total > expected) fail("more");
  }
  if (total < expected) fail(`${total}`);
  if (shards.length === 1) return shards[0];
  const bytes = new Uint8Array(total);
  let at = 0;
  for (const shard of shards) {
    bytes.set(shard, at);
    at += shard.length;
  }
  return bytes;
}

function toStored(weight: ManifestWeight, bytes: Uint8Array): StoredTensor {
  const { name, shape, stored, affine } = weight;
  const dtype = dtypes.get(stored);
  if (dtype !== undefined) return { name, dtype, shape, bytes };
  const numbers = stored === "uint8" ? bytes : new Uint16Array(new Uint8Array(bytes).buffer);
  const { scale, min } = affine as { scale: number; min: number };
  const values = Float32Array.from(numbers, (number) => number * scale + min);
  return { name, dtype: "F32", shape, bytes: new Uint8Array(values.buffer) };
}

/** `json` is the content of model.json. Throws E_WEIGHTS. */
export async function readTfjs(
  json: Uint8Array,
  readShard: ReadShard,
  format: TfjsFormat = "layers-model",
): Promise<Checkpoint> {
  const tensors = new Map<string, StoredTensor>();
  for (const group of parseTfjsManifest(json, format)) {
    const bytes = await joinShards(group, readShard);
    let at = 0;
    for (const weight of group.weights) {
      const end = at + lengthOf(weight);
      tensors.set(weight.name, toStored(weight, bytes.subarray(at, end)));
      at = end;
    }
  }
  return { tensors, metadata: new Map() };
}
