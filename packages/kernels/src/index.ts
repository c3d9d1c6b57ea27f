export {
  type Choice,
  type ChooseOptions,
  type Chosen,
  chooseVariant,
  type ForcedVariants,
  fittingVariants,
  type KernelChoices,
  problemKey,
  variantsOf,
} from "./choose.js";
export { cutProblem } from "./cut/cut-rules.js";
export { check, type ErrorCode, TlxError } from "./errors.js";
export { Arena, Usage } from "./gpu/arena.js";
export {
  type Capabilities,
  capabilitiesOf,
  defaultCapabilities,
  isSoftware,
  type MatrixShape,
} from "./gpu/capabilities.js";
export { Gpu, type GpuOptions } from "./gpu/gpu.js";
export { KeptLaunches } from "./gpu/kept-launches.js";
export { type BoundDispatch, type Launch, prepareLaunches, replay } from "./gpu/launch.js";
export { type LaunchTime, profileLaunches } from "./gpu/profile.js";
export { type LoggedRun, RunLog } from "./gpu/run-log.js";
export { Reader, upload, viewAs } from "./gpu/staging.js";
export { type Upload, UploadRing } from "./gpu/upload-ring.js";
export type { GradientRules } from "./grad.js";
export * from "./op.js";
export * from "./ops/index.js";
export * from "./spec.js";
export { HYPER_SPEC, type UpdateParams } from "./variants/update-variant.js";
export { type EpilogueParams, type Extra, epilogueOrder, extrasOf } from "./wgsl/epilogue.js";
export type { Activation, Curve } from "./wgsl/functions.js";
export type { Kernel } from "./wgsl/source.js";
