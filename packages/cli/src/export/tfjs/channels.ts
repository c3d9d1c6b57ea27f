/** Ranges of the last axis, in TensorFlow's ops. */
import { FLOAT, type GraphWriter } from "./graph-writer.js";

export interface ChannelRange {
  /** Of the value. */
  readonly rank: number;
  readonly start: number;
  readonly count: number;
}

export function sliceLast(name: string, { rank, start, count }: ChannelRange, path: string, to: GraphWriter): string {
  const begin = to.integers([...Array<number>(rank - 1).fill(0), start]);
  const size = to.integers([...Array<number>(rank - 1).fill(-1), count]);
  return to.add("Slice", [name, begin, size], { T: FLOAT }, path);
}

export const concatLast = (names: readonly string[], rank: number, path: string, to: GraphWriter): string =>
  to.add("ConcatV2", [...names, to.integers(rank - 1)], { T: FLOAT, N: { i: `${names.length}` } }, path);
