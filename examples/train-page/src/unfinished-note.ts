import type { KeptRun } from "@tlx/web/train";
import { button, find, make } from "./make.js";

/** The note that offers to go on with a training which the page did not finish, as when it was reloaded or closed. */
export class UnfinishedNote {
  private readonly note = find("unfinished", HTMLElement);
  private readonly onResume: (run: KeptRun) => void;

  constructor(onResume: (run: KeptRun) => void) {
    this.onResume = onResume;
  }

  show(run: KeptRun): void {
    const go = button("Continue", () => this.onResume(run), { class: "button first" });
    this.note.replaceChildren(
      make("p", {}, `The training “${run.name}” was not finished. It goes on from where it was last saved.`),
      make(
        "div",
        { class: "actions" },
        go,
        button("Not now", () => this.hide()),
      ),
    );
    this.note.hidden = false;
  }

  hide(): void {
    this.note.hidden = true;
    this.note.replaceChildren();
  }
}
