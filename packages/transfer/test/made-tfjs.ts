/** TensorFlow.js layers models in memory. */

import { TlxError } from "@tlx/kernels";
import type { ReadShard } from "../src/weights/formats/read-tfjs.js";

export interface MadeWeight {
  readonly name: string;
  readonly shape: readonly number[];
  readonly data: Uint8Array;
  readonly dtype?: string;
  readonly quantization?: unknown;
}

export interface MadeModel {
  readonly json: Uint8Array;
  readonly shards: Readonly<Record<string, Uint8Array>>;
  readonly readShard: ReadShard;
}

export const serveShards =
  (shards: Readonly<Record<string, Uint8Array>>): ReadShard =>
  async (path) => {
    if (Object.hasOwn(shards, path)) return shards[path]!;
    throw new TlxError("E_WEIGHTS", `expected a shard, found nothing at ${path}`);
  };

/** One group, cut into shards of `shardBytes`. */
export function makeTfjs(weights: readonly MadeWeight[], shardBytes: number = 4 * 2 ** 20): MadeModel {
  const data = Buffer.concat(weights.map((w) => w.data));
  const count = Math.max(1, Math.ceil(data.length / shardBytes));
  const paths = Array.from({ length: count }, (_, i) => `group1-shard${i + 1}of${count}.bin`);
  const shards = Object.fromEntries(
    paths.map((path, i) => [path, new Uint8Array(data.subarray(i * shardBytes, (i + 1) * shardBytes))]),
  );
  const listed = weights.map(({ name, shape, dtype = "float32", quantization }) => ({
    ...{ name, shape, dtype },
    ...(quantization !== undefined && { quantization }),
  }));
  const model = { format: "layers-model", modelTopology: {}, weightsManifest: [{ paths, weights: listed }] };
  return { json: new TextEncoder().encode(JSON.stringify(model)), shards, readShard: serveShards(shards) };
}
