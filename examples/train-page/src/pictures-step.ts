/** Step 1: pictures are chosen, dropped, put together by class, or drawn. They stay in memory until a training begins. */
import { type FileDataset, fileDataset } from "@tlx/transfer/browser";
import { droppedFiles } from "@tlx/web/train";
import { drawPictures } from "./drawn-pictures.js";
import { explain } from "./explain.js";
import { count, find, make } from "./make.js";
import { thumbnails } from "./thumbnails.js";

export type NamedFile = readonly [path: string, file: File];

export interface Pictures {
  /** Of the folder, for people. */
  readonly name: string;
  readonly files: readonly NamedFile[];
  readonly classes: readonly string[];
}

const pathOf = (file: File): string => file.webkitRelativePath || file.name;

export class PicturesStep {
  /** Those that can be learned from. */
  chosen: Pictures | undefined;
  private readonly folder = find("choose-folder", HTMLInputElement);
  private readonly drop = find("drop", HTMLDivElement);
  private readonly status = find("pictures-status", HTMLParagraphElement);
  private readonly list = find("classes", HTMLUListElement);
  private byHand: NamedFile[] = [];
  private readonly onChange: () => void;

  constructor(onChange: () => void) {
    this.onChange = onChange;
    this.folder.addEventListener("change", () => {
      const files = [...(this.folder.files ?? [])].map((file) => [pathOf(file), file] as const);
      this.folder.value = ""; // the same folder may be chosen again
      if (files.length > 0) void this.take(files);
    });
    find("draw", HTMLButtonElement).addEventListener(
      "click",
      () => void this.takeLater("Drawing…", drawPictures(), "patterns"),
    );
    for (const type of ["dragover", "dragleave", "drop"] as const) {
      this.drop.addEventListener(type, (event) => {
        event.preventDefault();
        this.drop.classList.toggle("over", type === "dragover");
        if (type !== "drop" || !event.dataTransfer) return;
        void this.takeLater("Looking through the folder…", droppedFiles(event.dataTransfer));
      });
    }
    this.listenByHand();
  }

  /** Where pictures are missing, this is where to choose them. */
  focus(): void {
    this.folder.focus();
  }

  /** Takes what comes with time. */
  private async takeLater(text: string, files: Promise<readonly NamedFile[]>, name?: string): Promise<void> {
    this.say(text);
    try {
      await this.take(await files, name);
    } catch (error) {
      this.refuse(error);
    }
  }

  private listenByHand(): void {
    const form = find("add-class", HTMLFormElement);
    const name = find("class-name", HTMLInputElement);
    const files = find("class-files", HTMLInputElement);
    form.addEventListener("submit", (event) => event.preventDefault());
    files.addEventListener("click", (event) => {
      if (!form.reportValidity()) event.preventDefault(); // a name comes first
    });
    files.addEventListener("change", () => {
      const folder = name.value.trim().replaceAll("/", "-");
      const begin = this.byHand.length;
      // Cameras give all pictures one name.
      const more = [...(files.files ?? [])].map((file, i) => [`${folder}/${begin + i}-${file.name}`, file] as const);
      form.reset();
      void this.take([...this.byHand, ...more], "pictures", true);
      name.focus();
    });
  }

  /** Shows what the files are, and what is wrong where they are no data set. */
  private async take(files: readonly NamedFile[], name?: string, byHand = false): Promise<void> {
    this.byHand = byHand ? [...files] : [];
    try {
      const data = await fileDataset(files);
      this.chosen = { name: name ?? (data.root || "pictures"), files, classes: data.classes };
      this.show(data);
    } catch (error) {
      this.refuse(error);
    }
    this.onChange();
  }

  private refuse(error: unknown): void {
    this.chosen = undefined;
    this.list.replaceChildren();
    this.say(explain(error).text, true);
  }

  private show({ classes, train, val, files, skipped }: FileDataset): void {
    const samples = [...train, ...val];
    const items = classes.map((name, label) => {
      const own = samples.filter((sample) => sample.label === label).map(({ file }) => files.get(file) as Blob);
      const head = make("span", { class: "class-name" }, name);
      return make("li", {}, head, make("span", { class: "hint" }, count(own.length, "picture")), thumbnails(own, 6));
    });
    this.list.replaceChildren(...items);
    const left = skipped.length > 0 ? ` ${count(skipped.length, "file")} left out: ${skipped[0]?.reason}` : "";
    const apart = `${val.length} of them are kept apart to measure on`;
    this.say(`${count(samples.length, "picture")} in ${count(classes.length, "class")}; ${apart}.${left}`);
  }

  private say(text: string, problem = false): void {
    this.status.classList.toggle("problem", problem);
    this.status.textContent = text;
  }
}
