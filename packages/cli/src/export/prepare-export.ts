/** A source as a format holds it. */

import type { Graph } from "@tlx/nn";
import { buildNetworkGraph, buildTransferGraph, type Model, withInputSize } from "@tlx/transfer";
import type { ExportSource } from "./export-source.js";
import { type ExportedNetwork, type ExportForm, prepareForm, roundWeights } from "./exported-network.js";
import { type FormatName, formats } from "./formats.js";
import { describePreprocessing, hashWeights } from "./metadata.js";

/** The network as it is read back from folded weights. */
function foldedGraph({ model, head, labels, hidden, preprocess }: ExportSource): Graph {
  const sized: Model = withInputSize(model, preprocess.crop);
  const options = { batch: 1, form: "folded", classes: labels.length } as const;
  return head === "published" ? buildNetworkGraph(sized, options) : buildTransferGraph(sized, { ...options, hidden });
}

export function prepareExport(source: ExportSource, format: FormatName, isHalf: boolean): ExportedNetwork {
  const { model, labels, preprocess, head, hidden } = source;
  const { folds, layout } = formats[format];
  const prepared = folds
    ? prepareForm(source.network, foldedGraph(source))
    : { network: source.network, form: (source.network.graph.states.size > 0 ? "separate" : "folded") as ExportForm };
  const weights = roundWeights(prepared.network.weights, isHalf);
  return {
    network: { graph: prepared.network.graph, weights },
    isHalf,
    metadata: {
      labels,
      preprocessing: describePreprocessing(preprocess, layout),
      tlx: {
        ...{ format: "tlx-export", version: 1, network: model.name, head, hidden },
        ...{ batchNorm: prepared.form, numbers: isHalf ? "float16" : "float32" },
        weightsSha256: hashWeights(weights),
      },
    },
  };
}
