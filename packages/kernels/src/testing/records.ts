import { reluCases } from "../ops/relu/cases.js";
import { relu, relu6 } from "../ops/relu/op.js";
import { referenceRelu, referenceRelu6 } from "../ops/relu/reference.js";
import { type AnyRecord, exact } from "./record.js";

/** The registry that tests, benches and the CPU interpreter loop over: one entry per op. */
export const records: readonly AnyRecord[] = [
  { op: relu, reference: referenceRelu, tolerance: exact, cases: reluCases },
  { op: relu6, reference: referenceRelu6, tolerance: exact, cases: reluCases },
];
