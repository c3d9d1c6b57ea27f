export { type BrowserBenchOptions, benchInBrowser } from "./node/bench-in-browser.js";
export { benchInNode, type NodeBenchOptions, namesInNode, peerNames } from "./node/bench-in-node.js";
export { measurePages, type PageSize } from "./node/bundle-bytes.js";
export { readResultFile } from "./node/read-result-file.js";
