/** Nodes on values that are too large for one binding, computed in pieces. */
import {
  bytesOf,
  type Capabilities,
  type ChooseOptions,
  type Cut,
  chooseVariant,
  cutProblem,
  type Lowered,
  type Operand,
  type Part,
  type Piece,
  type Problem,
} from "@tlx/kernels";
import type { LargeNodes, Node } from "../graph/graph.js";

const bytesUnder = (spec: Parameters<typeof bytesOf>[0], part: Part | undefined): number =>
  part ? 4 * part.count : bytesOf(spec);

/** Does a piece bind nothing that is over the limit? */
const fits = ({ problem, inputs, outputs }: Piece, limit: number): boolean =>
  problem.inputs.every((spec, i) => bytesUnder(spec, inputs[i]!.part) <= limit) &&
  problem.outputs.every((spec, i) => bytesUnder(spec, outputs[i]!.part) <= limit);

/** How a node is cut; undefined for one that needs not be, and for one that cannot be. */
function cutOf({ op }: Node, problem: Problem<unknown>, limit: number): Cut | undefined {
  if ([...problem.inputs, ...problem.outputs].every((spec) => bytesOf(spec) <= limit)) return undefined;
  const cut = cutProblem(op, problem, limit);
  return cut && cut.pieces.length > 0 && cut.pieces.every((piece) => fits(piece, limit)) ? cut : undefined;
}

/** The pieces as one: their operands are those of the node. */
function lowerCut({ op }: Node, cut: Cut, caps: Capabilities, options: ChooseOptions): Lowered {
  const scratch = [...(cut.scratch ?? [])];
  const dispatches = cut.pieces.flatMap((piece) => {
    const { variant, settings } = chooseVariant(piece.op ?? op, piece.problem, caps, options);
    const lowered = variant.lower(piece.problem, caps, settings);
    const first = scratch.length;
    scratch.push(...(lowered.scratch ?? []));
    const place = (operand: Operand): Operand => {
      if ("input" in operand) return piece.inputs[operand.input]!;
      if ("output" in operand) return piece.outputs[operand.output]!;
      return "scratch" in operand ? { scratch: first + operand.scratch } : operand;
    };
    return lowered.dispatches.map((dispatch) => ({
      ...dispatch,
      bind: Object.fromEntries(Object.entries(dispatch.bind).map(([name, operand]) => [name, place(operand)])),
    }));
  });
  return { scratch, dispatches };
}

/** What a graph with such nodes carries. */
export const largeNodes: LargeNodes = { cut: cutOf, lower: lowerCut };
