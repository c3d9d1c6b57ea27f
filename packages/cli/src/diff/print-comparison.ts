/** What tlx diff found, for people. */
import { formatTable } from "@tlx/nn";
import { type Distance, isAlike, type LayerDifference, type Rating, type TensorDifference } from "@tlx/transfer";
import { printableName } from "../printable.js";
import type { Report } from "../report.js";
import type { Comparison, SideShown } from "./compare-sides.js";

const words: Readonly<Record<Rating, string>> = {
  same: "same",
  near: "within the tolerance",
  far: "DIFFERS",
  shape: "ANOTHER SHAPE OR TYPE",
  ...{ "only A": "ONLY IN A", "only B": "ONLY IN B" },
};

/** As part of a count. */
const counted: Readonly<Record<Rating, string>> = {
  ...words,
  far: "different",
  shape: "of another shape or type",
  ...{ "only A": "only in A", "only B": "only in B" },
};

const show = (value: number): string => (value === 0 ? "0" : value.toExponential(1));

const cells = (distance: Distance | undefined): readonly string[] =>
  distance
    ? [show(distance.absolute), show(distance.relative), `${distance.unlike} of ${distance.elements}`]
    : ["", "", ""];

/** "264 tensors: 260 same, 4 within the tolerance" */
function count(what: string, found: readonly { readonly likeness: Rating }[]): string {
  const kinds = (Object.keys(counted) as Rating[]).flatMap((kind) => {
    const many = found.filter(({ likeness }) => likeness === kind).length;
    return many > 0 ? [`${many} ${counted[kind]}`] : [];
  });
  return `${found.length} ${what}: ${kinds.join(", ")}`;
}

/** Rows of a table before it is cut short. */
const mostRows = 12;

const choose = <T extends { readonly likeness: Rating }>(found: readonly T[], all: boolean): readonly T[] =>
  all ? found : found.filter((entry) => !isAlike(entry));

/** "; the farthest of those within is stem.conv at 2.2e-7" */
function farthest(
  found: readonly { readonly likeness: Rating; readonly distance?: Distance }[],
  names: string[],
): string {
  const near = found.map(({ likeness, distance }) => (likeness === "near" ? (distance?.relative ?? 0) : 0));
  const most = near.reduce((a, b) => Math.max(a, b), 0);
  return most === 0
    ? ""
    : `; the farthest of those within is ${printableName(names[near.indexOf(most)]!)} at ${show(most)}`;
}

function printTable(
  report: Report,
  header: readonly string[],
  rows: readonly (readonly string[])[],
  all: boolean,
): void {
  if (rows.length === 0) return;
  const shown = all ? rows : rows.slice(0, mostRows);
  report.print(formatTable(header, shown));
  if (shown.length < rows.length) report.print(`... and ${rows.length - shown.length} more; --all prints them`);
}

const tensorRow = ({ name, likeness, a, b, distance }: TensorDifference): readonly string[] => [
  printableName(name),
  a === b ? (a ?? "") : `${a ?? "-"} / ${b ?? "-"}`,
  words[likeness],
  ...cells(distance),
];

const layerRow = ({ path, likeness, spec, distance }: LayerDifference): readonly string[] => [
  printableName(path),
  spec,
  words[likeness],
  ...cells(distance),
];

function printSide(report: Report, name: string, { target, what, runtime }: SideShown): void {
  report.field(name, `${printableName(target)}: ${what}${runtime === undefined ? "" : `\non ${runtime}`}`);
}

const numbers = ["max |a-b|", "/ max |b|", "numbers unlike"];

/** The verdict comes last, where a terminal shows it. */
export function printComparison(report: Report, found: Comparison, all: boolean): void {
  printSide(report, "A", found.a);
  printSide(report, "B", found.b);
  const { tensors, layers } = found;
  printTable(report, ["tensor", "A / B", "found", ...numbers], choose(tensors, all).map(tensorRow), all);
  const tensorNames = tensors.map(({ name }) => name);
  report.print(`${count("tensors", tensors)}${farthest(tensors, tensorNames)}`);
  if (layers) {
    printTable(report, ["layer", "result", "found", ...numbers], choose(layers, all).map(layerRow), all);
    const paths = layers.map(({ path }) => path);
    report.print(`${count("layers", layers)}${farthest(layers, paths)}`);
  }
  for (const line of verdict(found)) report.print(line);
}

function verdict({ equal, divergence, tensors, layers, tolerance }: Comparison): string[] {
  if (equal) {
    const same = [...tensors, ...(layers ?? [])].every(({ likeness }) => likeness === "same");
    return [same ? "equal: the same numbers everywhere" : `equal within ${tolerance} of the largest number`];
  }
  if (!divergence) {
    const first = [...tensors, ...(layers ?? [])].find((entry) => !isAlike(entry))!;
    const name = "name" in first ? `tensor ${first.name}` : `layer ${first.path}`;
    const silent = layers ? "; no layer of the network differs" : "";
    return [`different: first ${printableName(name)}${silent}`];
  }
  const ops = [...new Set(divergence.nodes.map(({ op }) => op))].join(", ");
  const unlike = tensors.filter((tensor) => divergence.tensors.includes(tensor.name) && !isAlike(tensor));
  const behind = unlike.map(({ name, distance, likeness }) =>
    distance ? `${name} (${show(distance.relative)})` : `${name} (${words[likeness].toLowerCase()})`,
  );
  const blame =
    behind.length > 0
      ? `its tensors that differ: ${behind.map(printableName).join(", ")}`
      : `its tensors are alike (${divergence.tensors.map(printableName).join(", ") || "it has none"}): the difference is in how it is computed`;
  return [`different: first at layer ${printableName(divergence.path)}, computed by ${ops}`, blame];
}
