import { allDispatches, bytesOf, type Operand, type Spec } from "@tlx/kernels";
import type { LoweredNode } from "../plan.js";

/** Bytes of the largest range that a launch of the node binds. */
export function largestBinding({ node, lowered }: LoweredNode): number {
  const specOf = (operand: Operand): Spec => {
    if ("input" in operand) return node.inputs[operand.input]!.spec;
    if ("output" in operand) return node.outputs[operand.output]!.spec;
    return "scratch" in operand ? lowered.scratch![operand.scratch]! : lowered.prepared![operand.prepared]!.spec;
  };
  const operands = allDispatches(lowered).flatMap(({ kernel, bind }) => kernel.bindings.map(({ name }) => bind[name]!));
  return Math.max(0, ...operands.map((o) => (o.part ? 4 * o.part.count : bytesOf(specOf(o)))));
}
