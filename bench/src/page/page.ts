/** The bench page: measures this device, and shows and compares result files. */
import type { PagePlace } from "../suite/page-protocol.js";
import type { JsonSchema } from "../suite/schema-faults.js";
import { CommandLink } from "./command-link.js";
import { SOFTWARE } from "./file-label.js";
import { FileList, fileNameOf } from "./file-list.js";
import { elementOf, makeElement } from "./make-element.js";
import { ResultView } from "./result-view.js";
import { RunPanel } from "./run-panel.js";

const read = async <T>(name: string): Promise<T> => (await fetch(name)).json();

async function start(): Promise<void> {
  const [place, schema] = await Promise.all([read<PagePlace>("place.json"), read<JsonSchema>("result.schema.json")]);
  const files = new FileList(new ResultView(), schema);
  for (const name of place.results) files.offer(name);
  const panel = new RunPanel(place, files);
  elementOf("save").addEventListener("click", () => save(files));
  const usable = await describeAdapter();
  const token = CommandLink.tokenOf(location);
  if (token !== undefined) return serve(panel, token);
  elementOf<HTMLButtonElement>("start").disabled = !usable;
}

/** Runs what the command asked for, which gets the results. */
async function serve(panel: RunPanel, token: string): Promise<void> {
  const ownRuns = (): void => {
    panel.onReport = () => {}; // what is started here from now on is the visitor's
  };
  const link = new CommandLink(token, (why) => {
    ownRuns();
    panel.stop(why);
    panel.fail(why);
  });
  panel.onReport = (report) => {
    void link.report(report);
    if (report.kind === "done" || report.kind === "failed") ownRuns();
  };
  const run = await link.open();
  if (run) panel.runFor(run);
}

/** Says which GPU there is. */
async function describeAdapter(): Promise<boolean> {
  const text = elementOf("adapter");
  const adapter = await navigator.gpu?.requestAdapter({ powerPreference: "high-performance" });
  if (!adapter) {
    const why = navigator.gpu ? "This browser found no WebGPU adapter" : "This browser has no WebGPU here";
    text.textContent = `${why}, so nothing can be measured. Result files can be looked at.`;
    return false;
  }
  const { vendor, architecture, device, description } = adapter.info;
  text.textContent =
    [vendor, architecture, device, description].filter(Boolean).join(", ") || "An adapter without a name";
  const step = crossOriginIsolated
    ? ""
    : " This page is not isolated from others, so its clock is coarse: calls are repeated more often.";
  if (adapter.info.isFallbackAdapter) text.append(" ", makeElement("span", { className: "software" }, SOFTWARE));
  text.append(step);
  return true;
}

function save(files: FileList): void {
  const file = files.result;
  if (!file) return;
  const url = URL.createObjectURL(new Blob([`${JSON.stringify(file, null, 2)}\n`], { type: "application/json" }));
  makeElement("a", { href: url, download: fileNameOf(file) }).click();
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}

await start();
