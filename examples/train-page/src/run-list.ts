/** The trainings that the browser keeps, and those that come from the command line. */
import type { KeptRun } from "@tlx/web/train";
import { button, find, make } from "./make.js";
import type { NamedFile } from "./pictures-step.js";

export interface RunListActions {
  open(run: KeptRun): void;
  resume(run: KeptRun): void;
  export(run: KeptRun): void;
  remove(run: KeptRun): void;
  importFolder(files: readonly NamedFile[]): void;
  importZip(file: File): void;
}

export class RunList {
  private readonly list = find("run-list", HTMLUListElement);
  private readonly status = find("runs-status", HTMLParagraphElement);
  private readonly actions: RunListActions;

  constructor(actions: RunListActions) {
    this.actions = actions;
    const folder = find("import-folder", HTMLInputElement);
    folder.addEventListener("change", () => {
      const files = [...(folder.files ?? [])].map((file) => [file.webkitRelativePath || file.name, file] as const);
      folder.value = "";
      if (files.length > 0) actions.importFolder(files);
    });
    const zip = find("import-zip", HTMLInputElement);
    zip.addEventListener("change", () => {
      const file = zip.files?.[0];
      zip.value = "";
      if (file) actions.importZip(file);
    });
  }

  show(runs: readonly KeptRun[], busy: boolean): void {
    this.list.replaceChildren(...runs.map((run) => this.item(run, busy)));
    if (runs.length === 0) this.say("No training is kept yet.");
    else if (this.status.textContent?.startsWith("No training")) this.say("");
  }

  say(text: string): void {
    this.status.textContent = text;
  }

  /** Where the focus goes when what had it is no more. */
  focus(): void {
    find("runs-title", HTMLHeadingElement).focus();
  }

  private item(run: KeptRun, busy: boolean): HTMLLIElement {
    const { name, finished, resumable } = run;
    const act = (label: string, does: (run: KeptRun) => void, needsRest: boolean): HTMLButtonElement => {
      const element = button(label, () => does(run), { "aria-label": `${label} ${name}` });
      element.disabled = needsRest && busy;
      return element;
    };
    const state = finished ? "finished" : resumable ? "not finished" : "only begun";
    const buttons = [
      finished ? act("Open", this.actions.open, true) : act("Continue", this.actions.resume, true),
      act("Download", this.actions.export, true),
      act("Remove", this.actions.remove, true),
    ];
    return make(
      "li",
      {},
      make("span", { class: "run-name" }, name),
      make("span", { class: "hint" }, state),
      make("div", { class: "actions" }, ...buttons),
    );
  }
}
