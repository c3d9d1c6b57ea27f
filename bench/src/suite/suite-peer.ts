/** Another runtime as the suite sees it, wherever it runs. */
import type { PeerWork } from "../peer-work.js";
import type { PortableData } from "../portable.js";

export interface PreparedPeerWork {
  /** Of the first input set, in tlx's layout. */
  readonly outputs: ReadonlyMap<string, PortableData>;
  /** Milliseconds until its device was idle, measured where it runs. Runs rotate among the input sets. */
  run(times?: number): Promise<{ readonly ms: number; readonly figures: Readonly<Record<string, number>> }>;
  /** The outputs once more, or what a work has in their place, from where the runs left it. */
  read(): Promise<ReadonlyMap<string, PortableData>>;
  dispose(): Promise<void>;
}

export interface SuitePeer {
  readonly name: string;
  readonly version: string;
  readonly adapter?: { readonly device: string; readonly description: string } | undefined;
  prepare(work: PeerWork): Promise<PreparedPeerWork | { readonly cannot: string }>;
}
