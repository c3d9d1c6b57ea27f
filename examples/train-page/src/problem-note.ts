import type { Explanation } from "./explain.js";
import { button, find, make } from "./make.js";

export interface Way {
  readonly label: string;
  act(): void;
}

/** The note at the top that says what went wrong, until it is dismissed or something new begins. */
export class ProblemNote {
  private readonly note = find("problem", HTMLDivElement);

  show({ title, text, hint }: Explanation, ways: readonly Way[] = []): void {
    const act = (way: Way): void => {
      this.clear();
      way.act();
    };
    const close = button("Close", () => this.clear());
    const actions = make("div", { class: "actions" }, ...ways.map((way) => button(way.label, () => act(way))), close);
    this.note.replaceChildren(make("h2", {}, title), make("p", {}, hint), make("p", { class: "told" }, text), actions);
    this.note.hidden = false;
    this.note.scrollIntoView({ block: "nearest" });
  }

  clear(): void {
    this.note.hidden = true;
    this.note.replaceChildren();
  }
}
