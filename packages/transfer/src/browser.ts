export { type DecodeImageOptions, decodeImage } from "./data/browser/decode-image.js";
export { type FileDataset, fileDataIdentity, fileDataset } from "./data/browser/file-dataset.js";
export { type FilePicturesOptions, filePictures } from "./data/browser/file-pictures.js";
export { DEFAULT_MAX_PIXELS } from "./data/check-picture.js";
export type { SplitOptions } from "./data/class-folders.js";
export { type OpfsFeaturesOptions, opfsFeatures } from "./features/browser/opfs-store.js";
export { type OpfsRuns, opfsRuns } from "./run/browser/opfs-runs.js";
export { type FetchWeightsOptions, fetchWeights, type WeightsAddress } from "./weights/browser/fetch-weights.js";
export { type ExpectedWeights, readWeights } from "./weights/browser/read-weights.js";
