/** What each block of a network holds, costs and has learned. */
import type { Graph } from "@tlx/nn";
import { type BlockGradient, countMultiplyAdds, type FreezeCertificate, type Model } from "@tlx/transfer";
import { groupBy } from "./group-by.js";

export interface BlockFacts {
  readonly block: string;
  readonly tensors: number;
  readonly elements: number;
  /** Numbers that could learn. */
  readonly trained: number;
  /** Products for one picture. */
  readonly multiplyAdds: number;
  readonly gradient: BlockGradient | undefined;
}

const sizeOf = (shape: readonly number[]): number => shape.reduce((a, b) => a * b, 1);

/** Blocks of the network in their order, the head last. */
export const blocksOf = (model: Model): readonly string[] => [
  ...model.card.blocks.filter((block) => block !== model.headPath),
  model.headPath,
];

/** `graph` is of one picture. What is in no block stands under the first name of its path. */
export function blockFacts(
  model: Model,
  graph: Graph,
  certificate: FreezeCertificate,
  gradients: readonly BlockGradient[],
): BlockFacts[] {
  const blocks = blocksOf(model);
  const blockOf = (path: string): string =>
    blocks.find((block) => path === block || path.startsWith(`${block}.`)) ?? (path.split(".")[0] as string);
  const tensors = groupBy(certificate.tensors, ({ name }) => blockOf(name));
  const nodes = groupBy(graph.nodes, ({ path }) => blockOf(path));
  const names = [...blocks, ...[...tensors.keys()].filter((name) => !blocks.includes(name))];
  return names.flatMap((block) => {
    const own = tensors.get(block) ?? [];
    const sum = (of: (t: (typeof own)[number]) => number): number => own.reduce((n, t) => n + of(t), 0);
    if (own.length === 0) return [];
    return {
      block,
      tensors: own.length,
      elements: sum(({ shape }) => sizeOf(shape)),
      trained: sum(({ shape, trained, masked }) => (trained ? sizeOf(shape) - (masked?.elements ?? 0) : 0)),
      multiplyAdds: countMultiplyAdds({ ...graph, nodes: nodes.get(block) ?? [] }),
      gradient: gradients.find((g) => g.block === block),
    };
  });
}
