/** The result files that the page has: those beside it, dropped ones, and what was measured here. */
import { parseResultFile } from "../suite/parse-result-file.js";
import type { ResultFile } from "../suite/result.js";
import type { JsonSchema } from "../suite/schema-faults.js";
import { adapterLabel } from "./file-label.js";
import { elementOf, makeElement, showText } from "./make-element.js";
import type { ResultView } from "./result-view.js";

interface Entry {
  readonly name: string;
  readonly load: () => Promise<ResultFile>;
  chosen: boolean;
}

/** Drawing takes time from what is measured. */
const REDRAW_MS = 3000;

export class FileList {
  private readonly view: ResultView;
  private readonly schema: JsonSchema;
  private readonly entries: Entry[] = [];
  private measured: ResultFile | undefined;
  private measuring = false;
  private drawn = 0;
  private drawnAt = Number.NEGATIVE_INFINITY;

  constructor(view: ResultView, schema: JsonSchema) {
    this.view = view;
    this.schema = schema;
    const add = elementOf<HTMLInputElement>("add");
    add.addEventListener("change", () => this.addFiles([...(add.files ?? [])]));
    addEventListener("dragover", (event) => event.preventDefault());
    addEventListener("drop", (event) => {
      event.preventDefault();
      this.addFiles([...(event.dataTransfer?.files ?? [])]);
    });
  }

  /** A file beside the page, which is read when it is chosen. */
  offer(name: string): void {
    const read = async (): Promise<ResultFile> => {
      const response = await fetch(`results/${encodeURIComponent(name)}`);
      return parseResultFile(this.schema, await response.text(), `at "${name}"`);
    };
    let file: Promise<ResultFile> | undefined;
    this.entries.push({ name, chosen: false, load: () => (file ??= read()) });
    this.drawList();
  }

  /** What this page measures, as it comes; `ended`: nothing more comes. */
  measure(file: ResultFile, ended: boolean): void {
    this.measuring = !ended;
    if (!this.measured) {
      for (const entry of this.entries) entry.chosen = false;
      this.entries.unshift({ name: "measured here", chosen: true, load: async () => this.measured! });
      this.drawList();
    }
    this.measured = file;
    elementOf("save").hidden = false;
    const isDue = ended || performance.now() - this.drawnAt > REDRAW_MS;
    if (this.entries[0]!.chosen && isDue) void this.draw();
  }

  /** Nothing more comes. */
  end(): void {
    if (this.measured) this.measure(this.measured, true);
  }

  /** Of what was measured here. */
  get result(): ResultFile | undefined {
    return this.measured;
  }

  private async addFiles(files: readonly File[]): Promise<void> {
    const problems: string[] = [];
    for (const one of files) {
      try {
        const file = parseResultFile(this.schema, await one.text(), `at "${one.name}"`);
        this.entries.push({ name: one.name, chosen: true, load: async () => file });
      } catch (error) {
        problems.push((error as Error).message);
      }
    }
    showText(elementOf("file-problem"), problems.length > 0 ? problems.join(" ") : undefined);
    this.drawList();
    await this.draw();
  }

  private drawList(): void {
    elementOf("files").hidden = this.entries.length === 0;
    elementOf("file-list").replaceChildren(
      ...this.entries.map((entry) => {
        const box = makeElement("input", { type: "checkbox", checked: entry.chosen });
        box.addEventListener("change", () => {
          entry.chosen = box.checked;
          void this.draw();
        });
        return makeElement("label", {}, box, entry.name);
      }),
    );
  }

  private async draw(): Promise<void> {
    const turn = ++this.drawn;
    this.drawnAt = performance.now();
    try {
      const files = await Promise.all(this.entries.filter(({ chosen }) => chosen).map(({ load }) => load()));
      if (turn === this.drawn) this.view.show(files, this.measuring);
    } catch (error) {
      showText(elementOf("file-problem"), (error as Error).message);
    }
  }
}

/** "bench-ampere-chrome-130.json" */
export const fileNameOf = (file: ResultFile): string =>
  `bench-${adapterLabel(file)
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^-|-$/g, "")}.json`;
