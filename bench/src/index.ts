export { type ComparedResult, type Comparison, compareResults, type Verdict } from "./suite/compare.js";
export { type Contestant, type ContestOptions, contest, noiseOf, type Timing } from "./suite/contest.js";
export type { CaseFindings, SuiteCase, SuiteContext } from "./suite/context.js";
export { ratioGroups } from "./suite/geomeans.js";
export { kernelCase } from "./suite/kernel-bench.js";
export { type KernelShape, kernelShapes } from "./suite/kernel-shapes.js";
export type {
  Environment,
  Findings,
  NamedReason,
  PeerInfo,
  PeerTime,
  RatioGroup,
  Result,
  ResultFile,
  RunOptions,
  Size,
} from "./suite/result.js";
export { makeResultFile, type RunPlace } from "./suite/result-file.js";
export { geometricMean, median, quantile, spreadOf } from "./suite/statistics.js";
export { namesOf, roundsOf, runSuite, type SuiteOptions, suiteCases } from "./suite/suite.js";
export type { PreparedPeerWork, SuitePeer } from "./suite/suite-peer.js";
export { describeRun, formatComparison, formatMarkdown, formatResults } from "./suite/tables.js";
