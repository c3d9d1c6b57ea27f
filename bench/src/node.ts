export { benchInNode, type NodeBenchOptions, namesInNode, peerNames } from "./node/bench-in-node.js";
export { readResultFile } from "./node/read-result-file.js";
