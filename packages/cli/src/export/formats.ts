/** The formats of tlx export: how each is written, read back and run by a program that is not tlx. */
import { NETWORK, parseSafetensors, writeSafetensors } from "@tlx/transfer";
import { readWeightsFile } from "@tlx/transfer/node";
import { type ExportedNetwork, storeAsCheckpoint } from "./exported-network.js";
import type { Pictures } from "./golden-pictures.js";
import { metadataOfTexts, metadataTexts } from "./metadata.js";
import { readOnnx } from "./onnx/read-onnx.js";
import { ONNX_PEER, runOnnx } from "./onnx/run-onnx.js";
import { writeOnnx } from "./onnx/write-onnx.js";
import type { ReadTensors } from "./read-tensors.js";
import type { RuntimeResult } from "./runtime-result.js";
import { readAgain } from "./safetensors/second-reader.js";
import { readTfjsExport } from "./tfjs/read-tfjs-export.js";
import { runTfjs, TFJS_PEER } from "./tfjs/run-tfjs.js";
import { writeTfjs } from "./tfjs/write-tfjs.js";

export type FormatName = "safetensors" | "onnx" | "tfjs";

export interface ExportFormat {
  /** A folder of files, or one file. */
  readonly isFolder: boolean;
  /** May batch norms be folded? Weights that are to be trained again keep them. */
  readonly folds: boolean;
  /** Of pictures in the graph; where there is none, of PyTorch, whose order the weights have. */
  readonly layout: "NCHW" | "NHWC";
  /** The package that `run` needs, which is not installed with tlx. */
  readonly peer?: string;
  /** Files by name; of a format of one file, that one. */
  write(exported: ExportedNetwork): ReadonlyMap<string, Uint8Array | string>;
  /** `path` is the file or folder. Throws E_WEIGHTS. */
  read(path: string): Promise<ReadTensors>;
  /** What another program makes of it. */
  run(path: string, pictures: Pictures): Promise<RuntimeResult>;
}

export const formats: Readonly<Record<FormatName, ExportFormat>> = {
  safetensors: {
    isFolder: false,
    folds: false,
    layout: "NCHW",
    write({ network, isHalf, metadata }) {
      const texts = new Map([...metadataTexts(metadata), [NETWORK, metadata.tlx.network]]);
      return new Map([["model.safetensors", writeSafetensors(storeAsCheckpoint(network.weights, isHalf), texts)]]);
    },
    async read(path) {
      const checkpoint = parseSafetensors(await readWeightsFile(path));
      return { checkpoint, found: metadataOfTexts(checkpoint.metadata) };
    },
    run: readAgain,
  },
  onnx: {
    isFolder: false,
    folds: true,
    layout: "NCHW",
    peer: ONNX_PEER,
    write: (exported) => new Map([["model.onnx", writeOnnx(exported)]]),
    async read(path) {
      const checkpoint = readOnnx(await readWeightsFile(path));
      return { checkpoint, found: metadataOfTexts(checkpoint.metadata) };
    },
    run: runOnnx,
  },
  tfjs: {
    isFolder: true,
    folds: true,
    layout: "NHWC",
    peer: TFJS_PEER,
    write: writeTfjs,
    read: readTfjsExport,
    run: runTfjs,
  },
};
