import { TlxError } from "@tlx/kernels";
import { sha256 } from "../../sha256.js";

/** What a file of weights must be, where that is known. */
export interface ExpectedWeights {
  readonly bytes?: number;
  /** Hexadecimal. */
  readonly sha256?: string;
}

/** The bytes of a weights file that was chosen or dropped. Throws E_WEIGHTS for another file, or one that cannot be read. */
export async function readWeights(source: Blob, expected: ExpectedWeights = {}): Promise<Uint8Array> {
  const name = (source as Partial<File>).name ?? "file";
  const refuse = (found: string, cause?: unknown): TlxError =>
    new TlxError("E_WEIGHTS", `weights ${name}: ${found}`, { file: name }, cause);
  if (source.size === 0) throw refuse("expected a weights file, found an empty file; get it again");
  if (expected.bytes !== undefined && source.size !== expected.bytes)
    throw refuse(`expected ${expected.bytes} bytes, found ${source.size}; choose the file of this network`);
  const bytes = await source.arrayBuffer().then(
    (buffer) => new Uint8Array(buffer),
    (error) => {
      throw refuse(`expected a readable file, found ${String(error)}; choose it again`, error);
    },
  );
  if (expected.sha256 !== undefined) {
    const found = await sha256(bytes);
    if (found !== expected.sha256.toLowerCase())
      throw refuse(`expected SHA-256 ${expected.sha256}, found ${found}; choose the file of this network`);
  }
  return bytes;
}
