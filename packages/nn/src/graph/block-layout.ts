/** Blocks and what they hold: one range of float32 in which every param begins where a binding may. */
import { flattenOffsets, type HostTensor, TlxError } from "@tlx/kernels";
import type { Block, Graph, Weights } from "./graph.js";

const specsOf = (graph: Graph, { params }: Block) => params.map((p) => graph.params.get(p)!.spec);

/** Where in its block each param lies, in elements, and last where the block ends. */
const blockOffsets = (graph: Graph, block: Block): number[] => flattenOffsets(specsOf(graph, block));

/**
 * One value for a block or a state beside it, from a value per param it holds; `dataOf` is asked in order. Zero between them.
 * For element masks: `layBlock(graph, path, (param) => maskOf(param))`. Throws E_GRAPH when there is no such block.
 */
export function layBlock(
  graph: Graph,
  path: string,
  dataOf: (param: string) => HostTensor["data"],
): HostTensor & { readonly data: Float64Array } {
  const block = findBlock(graph, path);
  const offsets = blockOffsets(graph, block);
  const data = new Float64Array(offsets.at(-1)!);
  block.params.forEach((p, i) => void data.set(dataOf(p), offsets[i]!));
  return { spec: graph.states.get(path)!.spec, data };
}

/** The inverse of `layBlock`: the part of every param, by its path. For averages, which lie beside the block at `path`. */
export function cutBlock(graph: Graph, path: string, data: HostTensor["data"]): Weights {
  const block = findBlock(graph, path);
  const offsets = blockOffsets(graph, block);
  const specs = specsOf(graph, block);
  return new Map(
    block.params.map((p, i) => {
      const size = specs[i]!.shape.reduce((a, b) => a * b, 1);
      return [p, { spec: specs[i]!, data: data.slice(offsets[i], offsets[i]! + size) }];
    }),
  );
}

function findBlock(graph: Graph, path: string): Block {
  const block = graph.blocks.get(path);
  if (block) return block;
  throw new TlxError(
    "E_GRAPH",
    `graph: there is no block "${path}"; there are: ${[...graph.blocks.keys()].join(", ") || "none"}`,
  );
}
