/** All that one file holds, as a table. */

import type { Result, ResultFile } from "../suite/result.js";
import { digits, percent, showMs } from "../suite/show-number.js";
import { makeElement } from "./make-element.js";

type Column = readonly [heading: string, text: (result: Result) => string];

const columns: readonly Column[] = [
  ["ms", (r) => showMs(r.medianMs)],
  ["spread", (r) => percent(r.spread)],
  ["noise", (r) => percent(r.noise)],
  ["GPU ms", (r) => (r.gpuMs === undefined ? "" : showMs(r.gpuMs))],
  ["GFLOP/s", (r) => digits(r.gflops, 1)],
  ["GB/s", (r) => digits(r.gbs, 2)],
  ["of ceiling", (r) => percent(r.shareOfCeiling)],
];

/** There is one table at a time. */
const NOTE = "table-note";

const nameOf = ({ name, default: chosen }: Result): string => `${name}${chosen ? " *" : ""}`;

export function resultTable(file: ResultFile, results: readonly Result[]): HTMLElement {
  const peers = file.peers.map(
    ({ name }): Column => [
      `${name} takes`,
      ({ ratios: { [name]: ratio } }) => (ratio === undefined ? "" : `${ratio.toFixed(2)}x`),
    ],
  );
  const shown = [...columns, ...peers].filter(([, text]) => results.some((r) => text(r) !== ""));
  const chosen = results.some((r) => r.default) ? " * is chosen without tuning." : "";
  const note = `Medians of one execution; spread: between the quartiles; noise: between two timings of the same.${chosen}`;
  return scrollable(
    makeElement(
      "table",
      {},
      headRow(["name", ...shown.map(([heading]) => heading)]),
      makeElement(
        "tbody",
        {},
        ...results.map((result) =>
          bodyRow(
            nameOf(result),
            shown.map(([, text]) => text(result)),
          ),
        ),
      ),
    ),
    note,
  );
}

export const headRow = (headings: readonly (string | HTMLElement)[]): HTMLElement =>
  makeElement(
    "thead",
    {},
    makeElement("tr", {}, ...headings.map((h) => (typeof h === "string" ? makeElement("th", { scope: "col" }, h) : h))),
  );

export const bodyRow = (name: string, texts: readonly string[]): HTMLElement =>
  makeElement("tr", {}, makeElement("th", { scope: "row" }, name), ...texts.map((text) => makeElement("td", {}, text)));

/** A wide table scrolls by itself, by keyboard too; its note stays. */
export function scrollable(table: HTMLElement, note: string): HTMLElement {
  const region = makeElement("div", { className: "table", tabIndex: 0 }, table);
  region.setAttribute("role", "region");
  region.ariaLabel = "Table of results";
  table.setAttribute("aria-describedby", NOTE);
  return makeElement("div", {}, makeElement("p", { id: NOTE, className: "hint" }, note), region);
}
