import { existsSync } from "node:fs";
import path from "node:path";
import { TlxError } from "@tlx/kernels";

/** Where weights and pictures for benchmarks lie: TLX_SHARED, or beside the project. */
export const sharedPath = (...parts: string[]): string =>
  path.join(process.env.TLX_SHARED ?? path.resolve("..", "shared"), ...parts);

/** `given`, else the shared one. Throws E_USAGE when there is none; `option` is how to name another. */
export function requirePath(given: string | undefined, shared: string, option: string): string {
  const found = given ?? shared;
  if (existsSync(found)) return found;
  throw new TlxError(
    "E_USAGE",
    `bench: expected "${found}", found nothing there; set ${[...new Set([option, "TLX_SHARED"])].join(" or ")}`,
  );
}
