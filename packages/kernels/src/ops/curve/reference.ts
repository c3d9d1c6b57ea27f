import type { NoParams } from "../../op.js";
import { curveError, curves } from "../../testing/curves.js";
import type { Reference, Tolerance } from "../../testing/record.js";

export const referenceCurve = (name: string): Reference<NoParams> => {
  const curve = curves[name]!;
  return ([x]) => [x!.map((v) => curve(v))];
};

export const curveTolerance: Tolerance<NoParams> = (_problem, [x], [y]) => [x!.map((v, i) => curveError(v, y![i]!))];
