import path from "node:path";
import { version } from "./node/bench-in-node.js";
import { browserPeers } from "./node/browser-peers.js";
import { checkoutRoot, commitOfCheckout } from "./node/checkout.js";
import { listResultFiles } from "./node/list-result-files.js";
import { servePage } from "./node/page-server.js";
import { peersInstalled } from "./peer.js";

/** Serves the bench page with the result files of the repository, until the process is stopped. */
export async function serveResults(): Promise<void> {
  const results = path.join(checkoutRoot ?? ".", "bench", "results");
  const peers = peersInstalled() ? browserPeers : [];
  const place = { commit: commitOfCheckout(), tlx: version(), peers, results: listResultFiles(results) };
  const { origin } = await servePage({ place, results });
  console.log(`${origin}/  (Ctrl-C ends it)`);
}
