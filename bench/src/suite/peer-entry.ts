/** Peers that take part in a contest: those that can do the work and agree with tlx about its outputs. */
import { TlxError } from "@tlx/kernels";
import type { PeerWork } from "../peer-work.js";
import { relativeError } from "./agree.js";
import type { Timing } from "./contest.js";
import type { SuiteContext } from "./context.js";
import type { NamedReason, PeerTime } from "./result.js";
import type { PreparedPeerWork, SuitePeer } from "./suite-peer.js";

/** Largest difference over largest magnitude. */
export const PEER_TOLERANCE = 1e-3;

export interface PeerEntry {
  readonly peer: SuitePeer;
  readonly work: PreparedPeerWork;
}

/** Why the outputs of `work` are not those that tlx computed, in words. */
export function peerFault(
  { outputs }: PreparedPeerWork,
  expected: ReadonlyMap<string, ArrayLike<number>>,
): string | undefined {
  let compared = 0;
  for (const [name, values] of expected) {
    const found = outputs.get(name);
    if (!found) continue;
    compared++;
    const error = relativeError(found, values);
    if (!(error <= PEER_TOLERANCE))
      return `its output "${name}" is not that of tlx (relative error ${error}); not timed`;
  }
  return compared > 0 ? undefined : "it computes none of the outputs; not timed";
}

/** Adds the peers that can do `work` to `into`; says why others cannot. */
export async function enterPeers(
  { peers, gpu, say }: SuiteContext,
  into: PeerEntry[],
  name: string,
  work: PeerWork,
  expected: ReadonlyMap<string, ArrayLike<number>>,
): Promise<NamedReason[]> {
  const skipped: NamedReason[] = [];
  for (const peer of peers) {
    say(`${name} by ${peer.name}`);
    try {
      const ready = await peer.prepare(work);
      const fault = "cannot" in ready ? ready.cannot : peerFault(ready, expected);
      if (fault === undefined) into.push({ peer, work: ready as PreparedPeerWork });
      else {
        skipped.push({ name: `${name} by ${peer.name}`, reason: fault });
        if (!("cannot" in ready)) await ready.dispose();
      }
    } catch (error) {
      gpu.assertUsable();
      if (!(error instanceof TlxError)) throw error;
      skipped.push({ name: `${name} by ${peer.name}`, reason: error.message });
    }
  }
  return skipped;
}

/** What a result says about the peers. */
export function peerColumns(
  medianMs: number,
  peers: readonly PeerEntry[],
  timings: readonly Timing[],
): { readonly ratios: Record<string, number>; readonly peers: Record<string, PeerTime> } {
  const entries = peers.map(({ peer }, i) => [peer.name, timings[i]!] as const);
  return {
    ratios: Object.fromEntries(entries.map(([name, t]) => [name, t.medianMs / medianMs])),
    peers: Object.fromEntries(entries.map(([name, t]) => [name, { medianMs: t.medianMs, spread: t.spread }])),
  };
}
