/** Step 3: what a finished training came to, a place to try it, and the way out of the browser. */
import "@tlx/web/element";
import type { TlxClassifierElement } from "@tlx/web/element";
import { runCommands } from "./commands.js";
import { showConfusion } from "./confusion-table.js";
import { button, find, make, percent } from "./make.js";
import type { RunReport } from "./run-report.js";

export class ResultStep {
  private readonly section = find("result", HTMLElement);
  private readonly title = find("result-title", HTMLHeadingElement);
  private readonly classifier = document.querySelector("tlx-classifier") as TlxClassifierElement;
  private shown = "";

  constructor(onExport: (name: string) => void) {
    find("export", HTMLButtonElement).addEventListener("click", () => onExport(this.shown));
  }

  hide(): void {
    this.section.hidden = true;
  }

  /** Hides a run that is no more. */
  forget(name: string): void {
    if (name === this.shown) this.hide();
  }

  /** Shows a finished run; nothing of one without a model. */
  show({ name, confusion, modelFiles, epochs }: RunReport): void {
    this.shown = name;
    this.section.hidden = !confusion || !modelFiles;
    if (!confusion || !modelFiles) return;
    const right = confusion.matrix.reduce((sum, row, label) => sum + (row[label] ?? 0), 0);
    const all = confusion.matrix.flat().reduce((a, b) => a + b, 0);
    const best = epochs.findLast((epoch) => epoch.best);
    const text = `“${name}” names ${right} of ${all} pictures right that it did not learn from (${percent(right / all)})`;
    const line = best ? `${text}, as it was after epoch ${best.epoch}.` : `${text}.`;
    find("result-text", HTMLParagraphElement).textContent = line;
    showConfusion(find("confusion", HTMLTableElement), confusion);
    this.classifier.modelFiles = modelFiles;
    find("commands", HTMLUListElement).replaceChildren(...runCommands(name, true).map(commandItem));
  }

  focus(): void {
    this.title.focus();
  }
}

function commandItem({ command, does }: { readonly command: string; readonly does: string }): HTMLLIElement {
  const copy = button("Copy", () => {
    navigator.clipboard.writeText(command).then(
      () => {
        copy.textContent = "Copied";
      },
      () => {
        copy.textContent = "Select it to copy";
      },
    );
  });
  copy.ariaLabel = `Copy: ${does}`;
  return make("li", {}, make("span", { class: "hint" }, does), make("code", {}, command), copy);
}
