export { type Mismatch, worstMismatch } from "./compare.js";
export { hashText, randomFrom } from "./random.js";
export {
  type AnyRecord,
  type Case,
  type CaseTag,
  exact,
  type OpRecord,
  type Reference,
  recordOf,
  relative,
  sumOf,
  type Tolerance,
} from "./record.js";
export { records } from "./records.js";
export { type CaseData, type CaseRun, caseData, type PreparedCase, prepareCase } from "./run-case.js";
