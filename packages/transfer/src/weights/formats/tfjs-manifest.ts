/**
 * Reads what the model.json of a TensorFlow.js layers model says of its weights. Everything else in it is passed over.
 *
 * Throws   E_WEIGHTS
 * Source   the weightsManifest of tfjs-core's io, types and weights_loader
 */
import { check, TlxError } from "@tlx/kernels";
import { showName } from "../safetensors-header.js";

/** One file of numbers after another, cut into weights. */
export interface ShardGroup {
  readonly paths: readonly string[];
  readonly weights: readonly ManifestWeight[];
}

export interface ManifestWeight {
  readonly name: string;
  readonly shape: readonly number[];
  /** As it lies in the shards: "float32", "float16", "uint8", ... */
  readonly stored: string;
  /** Of quantised weights: value = number * scale + min. */
  readonly affine?: { readonly scale: number; readonly min: number };
}

/** A MobileNet takes a tenth of a megabyte, and nests its layers about ten deep. */
const maxJsonBytes = 16 * 2 ** 20;
const maxDepth = 100;

export const storedBytes: ReadonlyMap<string, number> = new Map([
  ["float32", 4],
  ["float16", 2],
  ["int32", 4],
  ["uint16", 2],
  ["uint8", 1],
  ["bool", 1],
]);

type Json = Readonly<Record<string, unknown>>;

function fail(what: string): never {
  throw new TlxError("E_WEIGHTS", `TensorFlow.js model: ${what}`);
}

const isObject = (value: unknown): value is Json =>
  typeof value === "object" && value !== null && !Array.isArray(value);

function listOf(value: unknown, what: string): readonly unknown[] {
  if (!Array.isArray(value)) fail(`expected ${what} as a list, found something else`);
  return value;
}

/** A path that stays below the folder of model.json on every system. */
function readPath(value: unknown): string {
  if (typeof value !== "string" || value === "") fail("expected paths of shards as text, found something else");
  const parts = value.split("/");
  const stays = parts.every((part) => part !== "" && part !== "." && part !== ".." && !/[\\:\p{Cc}]/u.test(part));
  if (!stays || value.length > 1000)
    fail(`expected shards beside model.json, found ${showName(value)}, which is refused`);
  return value;
}

function readShape(value: unknown, name: string): readonly number[] {
  const extents = listOf(value, `the shape of ${showName(name)}`);
  const isShape = extents.length <= 16 && extents.every((v) => Number.isSafeInteger(v) && (v as number) >= 0);
  if (!isShape) fail(`${showName(name)}: expected a shape of whole numbers, found something else`);
  return extents as number[];
}

function readWeight(value: unknown): ManifestWeight {
  if (!isObject(value)) fail("expected weights as objects, found something else");
  const { name, dtype, quantization } = value;
  if (typeof name !== "string") fail("expected weights with names, found one without");
  const shape = readShape(value.shape, name);
  const where = showName(name);
  const show = (text: unknown): string => showName(String(text));
  if (quantization === undefined) {
    const isNumbers = dtype === "float32" || dtype === "int32" || dtype === "bool";
    if (!isNumbers) fail(`${where}: expected dtype float32, int32 or bool, found ${show(dtype)}`);
    return { name, shape, stored: dtype };
  }
  if (!isObject(quantization) || dtype !== "float32")
    fail(`${where}: expected quantised float32, found something else`);
  const { dtype: stored, scale, min } = quantization;
  if (stored === "float16") return { name, shape, stored };
  if (stored !== "uint8" && stored !== "uint16") {
    fail(`${where}: expected quantisation to float16, uint8 or uint16, found ${show(stored)}`);
  }
  if (typeof scale !== "number" || typeof min !== "number" || !Number.isFinite(scale) || !Number.isFinite(min)) {
    fail(`${where}: expected quantisation with finite scale and min, found something else`);
  }
  return { name, shape, stored, affine: { scale, min } };
}

/** JSON.parse spends seconds on brackets in each other. Those in texts count too, where they come in pairs or are few. */
function checkDepth(bytes: Uint8Array): void {
  let depth = 0;
  for (const byte of bytes) {
    if (byte === 0x5b || byte === 0x7b) depth++;
    else if (byte === 0x5d || byte === 0x7d) depth--;
    if (depth > maxDepth) fail(`expected a model.json of at most ${maxDepth} brackets in each other, found more`);
  }
}

function parseJson(bytes: Uint8Array): unknown {
  check(
    bytes.length <= maxJsonBytes,
    "E_WEIGHTS",
    () => `TensorFlow.js model: expected a model.json of at most ${maxJsonBytes} bytes, found ${bytes.length}`,
  );
  checkDepth(bytes);
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch {
    return fail("expected model.json to be JSON, found something else; it is damaged or truncated");
  }
}

/** Of a layers model names are Keras's; of a graph model its maker's. */
export type TfjsFormat = "layers-model" | "graph-model";

/** Throws for a graph model where a layers model is expected, since its names are of another kind. */
export function parseTfjsManifest(json: Uint8Array, format: TfjsFormat): readonly ShardGroup[] {
  const model = parseJson(json);
  if (!isObject(model) || model.weightsManifest === undefined) {
    fail("expected a model.json with a weightsManifest, found other JSON; name the model.json of a layers model");
  }
  if (format === "layers-model" && model.format === "graph-model") {
    fail(
      "expected a layers model, found a graph model, whose weights are not those of layers; convert the Keras model",
    );
  }
  const groups = listOf(model.weightsManifest, "weightsManifest").map((group): ShardGroup => {
    if (!isObject(group)) fail("expected groups of shards as objects, found something else");
    const paths = listOf(group.paths, "paths").map(readPath);
    return { paths, weights: listOf(group.weights, "weights").map(readWeight) };
  });
  const paths = groups.flatMap((group) => group.paths);
  const names = groups.flatMap((group) => group.weights.map((weight) => weight.name));
  if (new Set(paths).size < paths.length) fail("expected each shard once, found one again");
  if (new Set(names).size < names.length) fail("expected each weight once, found one again");
  return groups;
}
