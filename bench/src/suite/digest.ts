/** Are outputs the same bits as before? A number stands for them, so that they need not be kept: FNV-1a with a shift, over words. */
import { type HostTensor, TlxError } from "@tlx/kernels";

type Values = HostTensor["data"];

/** Without the shift two changed signs would cancel out: the highest bit reaches no other. */
const mix = (digest: number, part: number): number => {
  const product = Math.imul(digest ^ part, 0x01000193);
  return product ^ (product >>> 15);
};

export function digestOf(outputs: readonly Values[]): number {
  let digest = 0x811c9dc5;
  for (const { buffer, byteOffset, byteLength } of outputs) {
    const isWords = byteLength % 4 === 0 && byteOffset % 4 === 0;
    const parts = isWords
      ? new Uint32Array(buffer, byteOffset, byteLength / 4)
      : new Uint8Array(buffer, byteOffset, byteLength);
    for (let i = 0; i < parts.length; i++) digest = mix(digest, parts[i]!);
  }
  return digest;
}

/** After the timing: a kernel that goes wrong in later runs, or a device that was lost, shows here. */
export const changeOf = (outputs: readonly Values[], digest: number): string | undefined =>
  digestOf(outputs) === digest
    ? undefined
    : "after it was timed its output is not what it was before; its time is dropped";

/** Throws E_VERIFY. */
export function assertUnchanged(name: string, outputs: readonly Values[], digest: number): void {
  const change = changeOf(outputs, digest);
  if (change !== undefined) throw new TlxError("E_VERIFY", `${name}: ${change}`);
}
