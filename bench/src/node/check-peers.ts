import { TlxError } from "@tlx/kernels";
import { assertPeersInstalled } from "../peer.js";
import { checkoutRoot } from "./checkout.js";

/** Throws E_USAGE for peers that are not of `known`, or not there. */
export function checkPeers<Name extends string>(wanted: readonly string[], known: readonly Name[]): readonly Name[] {
  if (wanted.length === 0) return [];
  if (checkoutRoot === undefined) {
    throw new TlxError(
      "E_USAGE",
      "bench: other runtimes weigh hundreds of megabytes and are no part of the packages; run the bench in a checkout of tlx's repository to compare with them",
    );
  }
  const odd = wanted.find((name) => !known.includes(name as Name));
  if (odd !== undefined) throw new TlxError("E_USAGE", `bench: expected peers of ${known.join(", ")}, found "${odd}"`);
  assertPeersInstalled();
  return wanted as readonly Name[];
}
