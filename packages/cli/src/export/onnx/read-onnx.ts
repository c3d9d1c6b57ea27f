/** Reads the weights and metadata of an ONNX file. Its nodes are passed over: tlx builds the network by its name. */
import { TlxError } from "@tlx/kernels";
import type { Checkpoint, StoredTensor } from "@tlx/transfer";
import { CONSTANT } from "../value-names.js";
import { onnxModel, tensorType } from "./schema.js";

interface Decoded {
  readonly graph?: {
    readonly initializer: readonly {
      readonly name: string;
      readonly dims: readonly (number | { toNumber(): number })[];
      readonly dataType: number;
      readonly rawData: Uint8Array;
      readonly floatData: readonly number[];
      readonly dataLocation: number;
    }[];
  };
  readonly metadataProps: readonly { readonly key: string; readonly value: string }[];
}

const dtypes: ReadonlyMap<number, string> = new Map([
  [tensorType.float, "F32"],
  [tensorType.float16, "F16"],
]);

const fail = (what: string, cause?: unknown): never => {
  throw new TlxError("E_WEIGHTS", `ONNX: ${what}`, {}, cause);
};

function decode(file: Uint8Array): Decoded {
  try {
    return onnxModel.decode(file) as unknown as Decoded;
  } catch (cause) {
    return fail("expected a whole model, found one that is truncated or damaged; get or export it again", cause);
  }
}

function toStored(tensor: NonNullable<Decoded["graph"]>["initializer"][number]): StoredTensor[] {
  const { name, dataType, rawData, floatData, dataLocation } = tensor;
  const dtype = dtypes.get(dataType);
  if (dtype === undefined || name.startsWith(CONSTANT)) return []; // sizes and paddings, which are no weights
  const shown = JSON.stringify(name.slice(0, 80));
  if (dataLocation !== 0) fail(`${shown}: expected its numbers in the file, found them in another one; export without`);
  const shape = tensor.dims.map(Number);
  const bytes = rawData.length === 0 && dtype === "F32" ? new Uint8Array(Float32Array.from(floatData).buffer) : rawData;
  const expected = shape.reduce((a, b) => a * b, dtype === "F32" ? 4 : 2);
  if (!shape.every((v) => Number.isSafeInteger(v) && v >= 0) || bytes.length !== expected) {
    fail(`${shown}: expected ${expected} bytes for [${shape.slice(0, 8)}], found ${bytes.length}; the file is damaged`);
  }
  return [{ name, dtype, shape, bytes }];
}

/** Could this be the beginning of an ONNX file? It has the version of its format there, and is no safetensors. */
export const isOnnx = (start: Uint8Array): boolean => start[0] === 0x08 && start[1]! > 0 && start[1]! < 0x20;

/** Throws E_WEIGHTS for a file that is damaged. */
export function readOnnx(file: Uint8Array): Checkpoint {
  const { graph, metadataProps } = decode(file);
  const tensors = (graph?.initializer ?? []).flatMap(toStored).map((tensor) => [tensor.name, tensor] as const);
  const byName = new Map(tensors);
  if (byName.size === 0) fail("expected weights, found none");
  if (byName.size < tensors.length) fail("expected each weight once, found one again");
  return { tensors: byName, metadata: new Map(metadataProps.map(({ key, value }) => [key, value])) };
}
