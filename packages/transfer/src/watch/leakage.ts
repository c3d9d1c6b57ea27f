/** Pictures that are in both splits, or in two classes. */
import type { DuplicateGroup, SplitSample } from "../scan/data-scan.js";
import type { TrainingWarning } from "./training-warning.js";

const NAMED = 3;

/** `nameOf`: a file for people. */
export function findLeakage(
  groups: readonly DuplicateGroup<SplitSample>[],
  valPictures: number,
  nameOf: (file: string) => string,
): TrainingWarning[] {
  const leaking = groups.filter((group) => group.acrossSplits);
  const contradicting = groups.filter((group) => group.differentLabels);
  const show = (found: readonly DuplicateGroup<SplitSample>[]): string => {
    const named = found.slice(0, NAMED).map(({ pictures, acrossSplits }) => {
      const first = pictures[0]!;
      const other = pictures.find((p) => (acrossSplits ? p.split !== first.split : p.label !== first.label));
      return `${nameOf(first.file)} and ${nameOf((other ?? pictures[1]!).file)}`;
    });
    return `${named.join("; ")}${found.length > NAMED ? `; and ${found.length - NAMED} more` : ""}`;
  };
  const warnings: TrainingWarning[] = [];
  if (leaking.length > 0) {
    const known = leaking.flatMap((group) => group.pictures).filter((p) => p.split === "val").length;
    warnings.push({
      kind: "leakage",
      message: `${known} of ${valPictures} pictures to measure on ${known === 1 ? "is a copy of one" : "are copies of ones"} to learn from: ${show(leaking)}; up to ${((100 * known) / valPictures).toFixed(1)} points of the accuracy on val are known by heart`,
      advice: "remove the copies from one of the two splits, and keep pictures of one moment or one object together",
    });
  }
  if (contradicting.length > 0) {
    warnings.push({
      kind: "contradicting-labels",
      message: `copies of one picture are in different classes: ${show(contradicting)}`,
      advice: "at most one of the labels can be right: move or remove the others",
    });
  }
  return warnings;
}
