export { dataIdentity } from "./data/node/data-identity.js";
export { DEFAULT_MAX_PIXELS, type DecodeOptions, decodePicture } from "./data/node/decode.js";
export { type DecodeAllOptions, decodeAll, type HashAllOptions } from "./data/node/decode-all.js";
export { imageFolder, type SplitOptions } from "./data/node/image-folder.js";
export { labelledFolder } from "./data/node/labelled-folder.js";
export { type FeatureCacheSize, featureCacheSize } from "./features/node/cache-size.js";
export { DiskFeatureStore, diskFeatures } from "./features/node/disk-store.js";
export { type ReadRunOptions, readRun } from "./run/node/read-run.js";
export {
  CERTIFICATE,
  freeRunName,
  KERNELS,
  type Resumption,
  RunFolder,
  type RunStart,
  type Skipped,
} from "./run/node/run-folder.js";
export { type FilesVerification, type VerifyFilesOptions, verifyFiles } from "./run/node/verify-files.js";
export { replaceFile } from "./run/node/write-file.js";
export { readKernels, type TunedFileOptions, tunedFile } from "./tune/node/tuned-file.js";
export { cacheFolder } from "./weights/node/cache-folder.js";
export { hashFile } from "./weights/node/checksum.js";
export { readWeightsFile } from "./weights/node/file.js";
export { type ResolveOptions, resolveWeights } from "./weights/node/resolve.js";
