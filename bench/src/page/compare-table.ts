/** Names by files: medians, spreads, and how many times as long as the first file's. */
import { type ComparedResult, compareResults } from "../suite/compare.js";
import type { ResultFile } from "../suite/result.js";
import { percent, showMs } from "../suite/show-number.js";
import { adapterLabel, SOFTWARE } from "./file-label.js";
import { makeElement } from "./make-element.js";
import { bodyRow, headRow, scrollable } from "./result-table.js";

export function compareTable(files: readonly ResultFile[], names: readonly string[]): HTMLElement {
  const results = files.map((file) => new Map(file.results.map((r) => [r.name, r])));
  const compared = files.slice(1).map((file) => compareResults(files[0]!, file).results);
  const ratios = compared.map((list) => new Map(list.map((one) => [one.name, one])));
  const rows = names.map((name) => {
    const texts = results.flatMap((byName, i) => {
      const result = byName.get(name);
      const time = result ? `${showMs(result.medianMs)} ±${percent(result.spread / 2)}` : "";
      return i === 0 ? [time] : [time, ratioText(ratios[i - 1]!.get(name))];
    });
    return bodyRow(name, texts);
  });
  const heads = files.flatMap((file, i) => (i === 0 ? [fileHead(file, i)] : [fileHead(file, i), ratioHead(i)]));
  const note =
    "Median milliseconds ± half of the spread. Ratios: times as long as the first file; ≈ where they differ by no more than noise.";
  return scrollable(makeElement("table", {}, headRow(["name", ...heads]), makeElement("tbody", {}, ...rows)), note);
}

/** "2.10x slower", "≈ 1.01x" */
function ratioText(one: ComparedResult | undefined): string {
  if (!one) return "";
  const times = `${one.ratio.toFixed(2)}x`;
  return one.verdict === "same within noise" ? `≈ ${times}` : `${times} ${one.verdict}`;
}

function fileHead(file: ResultFile, i: number): HTMLElement {
  const head = makeElement("th", { scope: "col", className: "file" }, `${i + 1}: ${adapterLabel(file)}, ms`);
  if (file.environment.software)
    head.append(makeElement("br"), makeElement("span", { className: "software", title: SOFTWARE }, "software"));
  return head;
}

const ratioHead = (i: number): HTMLElement => makeElement("th", { scope: "col" }, `${i + 1} : 1`);
