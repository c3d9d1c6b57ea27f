/** Peers that take part in a contest: those that can do the work and agree with tlx about its outputs, before it and after it. */
import { TlxError } from "@tlx/kernels";
import type { PeerWork } from "../peer-work.js";
import { relativeError } from "./agree.js";
import type { Contestant, Timing } from "./contest.js";
import type { SuiteContext } from "./context.js";
import { growUntilLong } from "./repeat.js";
import type { NamedReason, PeerTime } from "./result.js";
import type { PreparedPeerWork, SuitePeer } from "./suite-peer.js";

/** Largest difference over largest magnitude. */
export const PEER_TOLERANCE = 1e-3;

export interface PeerEntry {
  readonly peer: SuitePeer;
  readonly work: PreparedPeerWork;
  /** Runs in one call. */
  readonly times: number;
  /** Why it is out, in words: it failed amid the contest, or its outputs were wrong after it. */
  fault?: string;
}

type Outputs = PreparedPeerWork["outputs"];
type Expected = ReadonlyMap<string, ArrayLike<number>>;

/** Why the outputs of a peer are not those that tlx computed, in words. */
export function peerFault(outputs: Outputs, expected: Expected): string | undefined {
  let compared = 0;
  for (const [name, values] of expected) {
    const found = outputs.get(name);
    if (!found) continue;
    compared++;
    const error = relativeError(found, values);
    if (!(error <= PEER_TOLERANCE)) return `its output "${name}" is not that of tlx (relative error ${error})`;
  }
  return compared > 0 ? undefined : "it computes none of the outputs";
}

/** What `error` says about a peer. Throws what is not the peer's fault: the wish to stop, a lost device, a bug. */
export function reasonOf({ gpu, signal }: SuiteContext, error: unknown): string {
  signal?.throwIfAborted();
  gpu.assertUsable();
  if (!(error instanceof TlxError)) throw error;
  return error.message;
}

/** What `enter` makes of every peer: an entry, or the reason why there is none. Entries join `into`; gives the reasons. */
export async function enterPeers<Entry extends PeerEntry>(
  context: SuiteContext,
  into: Entry[],
  name: string,
  enter: (peer: SuitePeer) => Promise<Entry | string>,
): Promise<NamedReason[]> {
  const skipped: NamedReason[] = [];
  for (const peer of context.peers) {
    context.say(`${name} by ${peer.name}`);
    const entry = await enter(peer).catch((error): string => reasonOf(context, error));
    if (typeof entry === "string") skipped.push({ name: `${name} by ${peer.name}`, reason: entry });
    else into.push(entry);
  }
  return skipped;
}

/** Enters peers that can do `work` and give what is expected; with `leastMs`, which the clock can tell, short runs are measured by many in one call. */
export const enterWork =
  (work: PeerWork, expected: Expected, leastMs?: number) =>
  async (peer: SuitePeer): Promise<PeerEntry | string> => {
    const ready = await peer.prepare(work);
    if ("cannot" in ready) return ready.cannot;
    const fault = peerFault(ready.outputs, expected);
    if (fault !== undefined) {
      await ready.dispose();
      return fault;
    }
    const times = leastMs === undefined ? 1 : await growUntilLong(leastMs, async (n) => (await ready.run(n)).ms);
    return { peer, work: ready, times };
  };

/** Peers in a contest: who fails there is out of it. */
export const guestsOf = (context: SuiteContext, peers: readonly PeerEntry[]): Contestant[] =>
  peers.map((entry) => ({
    name: entry.peer.name,
    times: entry.times,
    run: async () => (await entry.work.run(entry.times)).ms,
    onFailure(error) {
      entry.fault = `it failed while it was timed: ${reasonOf(context, error)}`;
    },
  }));

/** After the contest: a peer whose outputs are wrong by now is out. Gives the reasons of all that are. */
export async function confirmPeers(
  context: SuiteContext,
  peers: readonly PeerEntry[],
  name: string,
  faultOf: (outputs: Outputs) => string | undefined,
): Promise<NamedReason[]> {
  for (const entry of peers) {
    if (entry.fault !== undefined) continue;
    const fault = await entry.work.read().then(faultOf, (error) => reasonOf(context, error));
    if (fault !== undefined) entry.fault = `after it was timed: ${fault}`;
  }
  return faultsOf(name, peers);
}

/** The peers that are out by now. */
export const faultsOf = (name: string, peers: readonly PeerEntry[]): NamedReason[] =>
  peers.flatMap(({ peer, fault }) => (fault ? { name: `${name} by ${peer.name}`, reason: fault } : []));

/** What a result says about the peers that are not out; `timings` are in their order. */
export function peerColumns(
  medianMs: number,
  peers: readonly PeerEntry[],
  timings: readonly (Timing | undefined)[],
): { readonly ratios: Record<string, number>; readonly peers: Record<string, PeerTime> } {
  const entries = peers.flatMap(({ peer, fault }, i) => {
    const timing = timings[i];
    return timing && fault === undefined ? [[peer.name, timing] as const] : [];
  });
  return {
    ratios: Object.fromEntries(entries.map(([name, t]) => [name, t.medianMs / medianMs])),
    peers: Object.fromEntries(
      entries.map(([name, { medianMs: ms, spread, runs }]) => [name, { medianMs: ms, spread, runs }]),
    ),
  };
}
