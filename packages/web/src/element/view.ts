/** What the element shows; knows nothing of models. */
import type { Picture } from "@tlx/transfer";
import type { Prediction } from "../classifier.js";
import { styleSheet } from "./style.js";
import type { ClassifierTexts } from "./texts.js";

/** A picture is shown at most so large, in pixels of the screen. */
const PREVIEW = 640;

function make<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Readonly<Record<string, string>> = {},
  ...children: readonly (Node | string)[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

export class View {
  readonly file: HTMLInputElement = make("input", { type: "file", id: "file", accept: "image/*" });
  readonly camera: HTMLButtonElement = make("button", { type: "button", class: "button", part: "button" });
  readonly video: HTMLVideoElement = make("video", { hidden: "", playsinline: "" });
  readonly stage: HTMLDivElement = make("div", { class: "stage", part: "stage" });
  private readonly choose = make("label", { for: "file", class: "button first", part: "button" });
  private readonly prompt = make("p");
  private readonly canvas = make("canvas", { hidden: "", role: "img" });
  private readonly bar = make("progress", { hidden: "", max: "1" });
  private readonly status = make("p", { class: "status", part: "status", role: "status" });
  private readonly list = make("ol", { part: "results", "aria-live": "polite" });
  /** For those who cannot see how the results of a moving picture change. */
  private readonly spoken = make("p", { class: "spoken", "aria-live": "polite" });
  private texts: ClassifierTexts;
  private said: keyof ClassifierTexts | undefined;

  constructor(root: ShadowRoot, texts: ClassifierTexts) {
    this.texts = texts;
    this.video.muted = true;
    this.stage.append(this.canvas, this.video, this.prompt);
    const actions = make("div", { class: "actions" }, this.file, this.choose, this.camera);
    root.adoptedStyleSheets = [styleSheet()];
    const shown = [this.stage, actions, this.bar, this.status, this.list, this.spoken];
    root.append(make("div", { class: "frame", part: "frame" }, ...shown));
    this.translate(texts);
  }

  translate(texts: ClassifierTexts): void {
    this.texts = texts;
    this.choose.textContent = texts.choose;
    this.prompt.textContent = texts.drop;
    this.canvas.ariaLabel = texts.picture;
    this.video.ariaLabel = texts.live;
    this.bar.ariaLabel = texts.loading;
    this.list.ariaLabel = texts.results;
    this.camera.textContent = this.isLive ? texts.stop : texts.camera;
    if (this.said) this.status.textContent = texts[this.said];
  }

  private get isLive(): boolean {
    return !this.video.hidden;
  }

  /** A line of text; nothing with undefined. */
  say(key: keyof ClassifierTexts | undefined, problem = false): void {
    this.said = key;
    this.status.classList.toggle("problem", problem);
    this.status.textContent = key ? this.texts[key] : "";
  }

  /** Is the last word that the model is on its way? */
  get isLoading(): boolean {
    return this.said === "loading" || this.said === "preparing";
  }

  /** Reads a text out, if it is another one than before. */
  speak(text = ""): void {
    if (this.spoken.textContent !== text) this.spoken.textContent = text;
  }

  /** From 0 to 1; undefined while nobody knows how much there is; null when it is over. */
  showProgress(share: number | undefined | null): void {
    this.bar.hidden = share === null;
    if (typeof share === "number") this.bar.value = share;
    else this.bar.removeAttribute("value");
  }

  async showPicture({ width, height, data }: Picture): Promise<void> {
    const pixels = new ImageData(new Uint8ClampedArray(data), width, height);
    const scale = Math.min(1, PREVIEW / Math.max(width, height));
    const size = { resizeWidth: Math.ceil(width * scale), resizeHeight: Math.ceil(height * scale) };
    const bitmap = await createImageBitmap(pixels, { ...size, resizeQuality: "medium" });
    this.canvas.width = bitmap.width;
    this.canvas.height = bitmap.height;
    this.canvas.getContext("bitmaprenderer")?.transferFromImageBitmap(bitmap);
    this.canvas.hidden = false;
    this.fill();
  }

  /** Shows the camera's stream, or takes it away with null. */
  showCamera(stream: MediaStream | null): void {
    this.video.srcObject = stream;
    this.video.hidden = stream === null;
    this.speak();
    if (stream) this.canvas.hidden = true;
    // Results change many times a second: nobody can listen to them all.
    this.list.ariaLive = stream ? "off" : "polite";
    this.camera.textContent = stream ? this.texts.stop : this.texts.camera;
    this.fill();
  }

  private fill(): void {
    const filled = this.isLive || !this.canvas.hidden;
    this.prompt.hidden = filled;
    this.stage.classList.toggle("filled", filled);
  }

  showResults(predictions: readonly Prediction[], language: string | undefined): void {
    const percent = new Intl.NumberFormat(language, { style: "percent", maximumFractionDigits: 1 });
    const items = predictions.map(({ label, probability }) => {
      const filled = make("span");
      filled.style.setProperty("--width", `${100 * probability}%`);
      return make(
        "li",
        {},
        make("span", { class: "label" }, label),
        make("span", { class: "share" }, percent.format(probability)),
        make("div", { class: "bar", "aria-hidden": "true" }, filled),
      );
    });
    this.list.replaceChildren(...items);
  }
}
