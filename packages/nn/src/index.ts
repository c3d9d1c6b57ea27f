export { cutBlock, layBlock } from "./graph/block-layout.js";
export { GraphBuilder, Scope } from "./graph/builder.js";
export { describeGraph } from "./graph/describe.js";
export type { Block, BlockStart, Graph, LargeNodes, Network, Node, Weights } from "./graph/graph.js";
export { formatTable, printGraph } from "./graph/print.js";
export { ancestors } from "./graph/walk.js";
export { kaimingNormal, kaimingUniform, mix, seedFor, uniformFanIn, zeros } from "./init.js";
export {
  activate,
  adaptiveAveragePool,
  averagePool,
  batchNorm,
  type ConvOptions,
  concat,
  conv2d,
  type DropoutOptions,
  dropout,
  expectLargeWeights,
  flattenPicture,
  globalAveragePool,
  linear,
  maxPool,
  type PoolOptions,
} from "./layers.js";
export {
  GRADIENT_NORM,
  HYPER,
  type OptimizerKind,
  type OptimizerOptions,
  optimizerHyper,
  type StepNumbers,
  type TrainingGraphs,
  withOptimizer,
} from "./optimizer.js";
export { type Differentiated, differentiate } from "./passes/differentiate.js";
export { dropDead } from "./passes/drop-dead.js";
export { foldAffine } from "./passes/fold-affine.js";
export { freezeNorms } from "./passes/frozen-batch-norm.js";
export { fuseBias, fuseEpilogue } from "./passes/fuse-epilogue.js";
export { fuseExpand, splitExpand } from "./passes/fuse-expand.js";
export { fuseGradients } from "./passes/fuse-gradients.js";
export { fuseTraining } from "./passes/fuse-training.js";
export { optimizeForInference } from "./passes/optimize.js";
export { type Partition, partition } from "./passes/partition.js";
export { type RewriteRule, type Rewriting, rewrite, weightsOf, withBatch, withOutputs } from "./passes/rewrite.js";
export { type StoreHalfOptions, storeHalf } from "./passes/store-half.js";
export { toInference } from "./passes/to-inference.js";
export { toTraining } from "./passes/to-training.js";
export { type LoweredNode, type Plan, planMemory } from "./plan.js";
export { largestBinding } from "./program/largest-binding.js";
export { batchOf, lowerGraph, splitBatch } from "./program/lower.js";
export { Params } from "./program/params.js";
export { profileProgram } from "./program/profile-program.js";
export { type CompileInfo, type CompileOptions, type NodeVariant, Program } from "./program/program.js";
export { learningRateAt, type ScheduleOptions } from "./schedule.js";
export { type SqueezeExciteOptions, squeezeExcite } from "./squeeze-excite.js";
export {
  type Candidate,
  candidatesOf,
  choicesFor,
  decisiveChoices,
  formatChoice,
  type GraphProblem,
  problemsOf,
  type TunedChoice,
} from "./tune/problems.js";
export { Stopwatch } from "./tune/stopwatch.js";
export type { FailedCandidate, TunedProblem } from "./tune/tune-problem.js";
export {
  type SkippedProblem,
  type TuneOptions,
  type TuneProgress,
  type TuneReport,
  type TuneResult,
  tunePrograms,
} from "./tune/tune-programs.js";
