/** What a runtime in another process or worker is asked, one question at a time; bench/peers/answers.js answers. */
import type { PeerWork } from "../peer-work.js";
import type { PreparedPeerWork } from "./suite-peer.js";

/** What a peer says about its adapter. */
export interface PeerAdapter {
  readonly vendor: string;
  readonly architecture: string;
  readonly device: string;
  readonly description: string;
}

export type PeerQuestion =
  | { readonly kind: "open"; readonly adapter: PeerAdapter }
  | { readonly kind: "prepare"; readonly work: PeerWork }
  | { readonly kind: "run"; readonly prepared: number; readonly times: number }
  | { readonly kind: "read"; readonly prepared: number }
  | { readonly kind: "dispose"; readonly prepared: number };

/** The answer to "open". */
export interface OpenedPeer {
  readonly version: string;
  /** Undefined for a runtime on the CPU. */
  readonly adapter: PeerAdapter | undefined;
}

/** Why a peer does not do it. */
export interface CannotPrepare {
  readonly cannot: string;
}

type Prepared = Pick<PreparedPeerWork, "outputs"> & { readonly prepared: number };

export type AskPeer = <T>(question: PeerQuestion) => Promise<T>;

export async function prepareBy(ask: AskPeer, work: PeerWork): Promise<PreparedPeerWork | CannotPrepare> {
  const ready = await ask<Prepared | CannotPrepare>({ kind: "prepare", work });
  if ("cannot" in ready) return ready;
  const { prepared, outputs } = ready;
  return {
    outputs,
    run: (times = 1) => ask({ kind: "run", prepared, times }),
    read: () => ask({ kind: "read", prepared }),
    dispose: () => ask({ kind: "dispose", prepared }),
  };
}

/** The description of an adapter as plain data. */
export const peerAdapter = ({ vendor, architecture, device, description }: PeerAdapter): PeerAdapter => ({
  ...{ vendor, architecture, device, description },
});
