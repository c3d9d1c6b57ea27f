/**
 * Reads safetensors a second time, by JSON.parse and nothing of tlx, and compares: an independent program that follows the
 * format must find the same bytes under the same names.
 */
import { readFile } from "node:fs/promises";
import { TlxError } from "@tlx/kernels";
import { type Checkpoint, parseSafetensors } from "@tlx/transfer";
import type { RuntimeResult } from "../runtime-result.js";

interface Entry {
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly data_offsets: readonly [number, number];
}

function compare(file: Buffer, { tensors }: Checkpoint): string | undefined {
  const length = Number(file.readBigUInt64LE(0));
  const { __metadata__, ...entries } = JSON.parse(file.toString("utf8", 8, 8 + length)) as Record<string, Entry>;
  const names = Object.keys(entries);
  if (names.length !== tensors.size) return `${names.length} tensors`;
  return names.find((name) => {
    const { dtype, shape, data_offsets } = entries[name]!;
    const [from, to] = data_offsets.map((at) => 8 + length + at);
    const tensor = tensors.get(name);
    const isSame = tensor?.dtype === dtype && String(tensor.shape) === String(shape);
    return !(isSame && Buffer.compare(tensor.bytes, file.subarray(from, to)) === 0);
  });
}

/** Throws E_VERIFY where the readers disagree. */
export async function readAgain(path: string): Promise<RuntimeResult> {
  const file = await readFile(path);
  const different = compare(file, parseSafetensors(file));
  if (different !== undefined) {
    throw new TlxError("E_VERIFY", `export: two readers of safetensors disagree about ${different} in "${path}"`);
  }
  return { runtime: "a second reader of safetensors" };
}
