export { DEFAULT_MAX_PIXELS, type DecodeOptions, decodePicture } from "./data/node/decode.js";
export { type DecodeAllOptions, decodeAll } from "./data/node/decode-all.js";
export { imageFolder } from "./data/node/image-folder.js";
export { freeRunName, type LoadedRun, type RunRecord, readRun, writeRun } from "./run/node/run-folder.js";
export { cacheFolder } from "./weights/node/cache-folder.js";
export { readWeightsFile } from "./weights/node/file.js";
export { type ResolveOptions, resolveWeights } from "./weights/node/resolve.js";
