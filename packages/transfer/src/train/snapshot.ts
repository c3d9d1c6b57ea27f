/** Where a run stands, whole: from a snapshot training goes on with the same bits as if it had never stopped. */
import type { HostTensor } from "@tlx/kernels";

export interface SnapshotPosition {
  /** Index of the phase under way. */
  readonly phase: number;
  /** Epochs trained to their end, over all phases. */
  readonly epoch: number;
  /** Steps done in the epoch under way. */
  readonly step: number;
  readonly [more: string]: unknown;
}

export interface Snapshot {
  /** What the run is; a run is only resumed by one of equal identity. JSON values. */
  readonly identity: Readonly<Record<string, unknown>>;
  /** Where it stands. JSON values (finite numbers, strings, nested plain objects). */
  readonly position: SnapshotPosition;
  /** Params, states, moments, averages, best epoch's: by name. f32 or u32. */
  readonly tensors: ReadonlyMap<string, HostTensor>;
}
