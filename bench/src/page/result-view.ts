/** Chosen result files as chart and table. */
import { compareResults } from "../suite/compare.js";
import type { NamedReason, Result, ResultFile } from "../suite/result.js";
import { byPlace, percent } from "../suite/show-number.js";
import { median } from "../suite/statistics.js";
import { barChart, type Series } from "./bar-chart.js";
import { compareTable } from "./compare-table.js";
import { adapterLabel, SOFTWARE } from "./file-label.js";
import { elementOf, makeElement } from "./make-element.js";
import { resultTable } from "./result-table.js";

/** Warnings that only say what comparing adapters means. */
const expected = /^the (adapter|driver|processor|runtime) differs/;

export class ResultView {
  private readonly body: HTMLElement = elementOf("view");
  private readonly filter: HTMLInputElement = makeElement("input", { autocomplete: "off", spellcheck: false });
  private files: readonly ResultFile[] = [];
  private measuring = false;

  constructor() {
    this.filter.addEventListener("input", () => this.draw());
  }

  /** While it measures there is no chart: drawing one keeps the GPU busy. */
  show(files: readonly ResultFile[], measuring: boolean): void {
    this.files = files;
    this.measuring = measuring;
    this.draw();
  }

  private draw(): void {
    const { files, filter, measuring } = this;
    const [first] = files;
    if (!first) {
      this.body.replaceChildren();
      return;
    }
    const focused = document.activeElement === filter;
    const label = makeElement("label", { className: "filter" }, "Show names with all of these words ", filter);
    this.body.replaceChildren(...files.map((file, i) => aboutFile(file, files.length > 1 ? i + 1 : undefined)), label);
    if (focused) filter.focus();
    const words = filter.value.toLowerCase().split(/\s+/);
    const isShown = ({ name }: { readonly name: string }): boolean =>
      words.every((word) => name.toLowerCase().includes(word));
    const parts = files.length === 1 ? oneFile(first, isShown) : severalFiles(files, isShown);
    this.body.append(...parts.flatMap((part) => (part instanceof Node ? part : measuring ? [] : barChart(...part))));
  }
}

const LONG = 12;

type Filter = (result: Result) => boolean;
/** A part of the page, or what a chart is drawn of. */
type Part = Node | Parameters<typeof barChart>;

function oneFile(file: ResultFile, isShown: Filter): Part[] {
  const results = file.results.filter(isShown).sort(byPlace);
  const own: Series = { label: "tlx", ms: timesOf(results) };
  const peers = file.peers.map(({ name, version }): Series => {
    const known = results.filter((r) => r.peers[name]);
    return { label: `${name} ${version}`, ms: new Map(known.map((r) => [r.name, r.peers[name]!.medianMs])) };
  });
  const parts: Part[] = [];
  if (results.length > 0) {
    parts.push(resultTable(file, results), [results.map(({ name }) => name), [own, ...peers]]);
  } else
    parts.push(makeElement("p", {}, file.results.length > 0 ? "No name has these words." : "Nothing is measured yet."));
  const groups = file.groups.map(
    (g) =>
      `${g.name}, shapes: ${g.shapes}; ${g.peer} takes ${g.ratio.toFixed(2)} times as long, at least ${g.least.toFixed(2)} (${g.leastOf})`,
  );
  parts.push(
    ...listOf("Geometric means", groups),
    ...listOf(
      "Bytes",
      file.sizes.map((s) => `${s.name}: ${s.bytes}`),
    ),
  );
  const reason = ({ name, reason: why }: NamedReason): string => `${name}: ${why}`;
  parts.push(...listOf("Wrong, not timed", file.failed.map(reason)), ...listOf("Left out", file.skipped.map(reason)));
  return parts;
}

function severalFiles(files: readonly ResultFile[], isShown: Filter): Part[] {
  const counts = new Map<string, number>();
  for (const { name } of files.flatMap((file) => file.results.filter(isShown))) {
    counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  const names = [...counts.keys()].sort((a, b) => byPlace({ name: a }, { name: b }));
  const shared = names.filter((name) => counts.get(name)! > 1);
  const warnings = files.slice(1).flatMap((file, i) =>
    compareResults(files[0]!, file)
      .warnings.filter((warning) => !expected.test(warning))
      .map((warning) => `1 and ${i + 2}: ${warning}`),
  );
  const series = files.map((file, i) => ({ label: `${i + 1}: ${adapterLabel(file)}`, ms: timesOf(file.results) }));
  const none = "No name is in more than one of these files; the table has those of each.";
  return [
    ...listOf("Not alike", warnings),
    compareTable(files, [...shared, ...names.filter((name) => !shared.includes(name))]),
    shared.length > 0 ? [shared, series] : makeElement("p", {}, none),
  ];
}

const timesOf = (results: readonly Result[]): Map<string, number> =>
  new Map(results.map(({ name, medianMs }) => [name, medianMs]));

/** Where and when it was measured. */
function aboutFile(file: ResultFile, number: number | undefined): HTMLElement {
  const { environment: e, options, commit, date, seconds, unfinished } = file;
  const step = e.timerStepMs === undefined ? "" : `, clock of ${e.timerStepMs} ms`;
  const text = [
    `${number === undefined ? "" : `${number}: `}${adapterLabel(file)}`,
    ...[e.driver, `${e.platform}, ${e.cpu === "unknown" ? "" : `${e.cpu}, `}${e.cores} cores${step}`],
    ...[options.quick ? "quick run" : "full run", options.filter ? `names like ${options.filter}` : ""],
    ...[`commit ${commit}`, `${date.slice(0, 16).replace("T", " ")} UTC`, `${seconds} s`, noiseText(file)],
    unfinished ? `unfinished: ${unfinished}` : "",
  ];
  const line = makeElement("p", { className: "about" }, text.filter(Boolean).join("; "));
  if (e.software) line.append(" ", makeElement("span", { className: "software" }, SOFTWARE));
  return line;
}

function noiseText({ results }: ResultFile): string {
  const noises = results.flatMap(({ noise }) => noise ?? []);
  return noises.length === 0 ? "" : `noise ${percent(median(noises))} in the middle`;
}

/** A long list is opened by who wants it. */
function listOf(heading: string, texts: readonly string[]): Node[] {
  if (texts.length === 0) return [];
  const title = makeElement("h3", {}, texts.length > LONG ? `${heading}: ${texts.length}` : heading);
  const list = makeElement("ul", { className: "list" }, ...texts.map((text) => makeElement("li", {}, text)));
  return texts.length > LONG ? [makeElement("details", {}, makeElement("summary", {}, title), list)] : [title, list];
}
