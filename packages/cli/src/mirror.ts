import { TlxError } from "@tlx/kernels";

/** Where weights are fetched from instead of the addresses of the cards: TLX_MIRROR. Throws E_USAGE for a single file. */
export function mirrorOf(env: NodeJS.ProcessEnv = process.env): string | undefined {
  const mirror = env.TLX_MIRROR;
  if (!mirror) return undefined;
  if (!/\.(safetensors|pth|pt|npz)$/i.test(mirror)) return mirror;
  throw new TlxError(
    "E_USAGE",
    `TLX_MIRROR: expected the address of a mirror or a folder, found the file "${mirror}"; name it with tlx pull MODEL --from FILE`,
  );
}
