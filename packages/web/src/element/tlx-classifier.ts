/** The element <tlx-classifier>. */
import { TlxError } from "@tlx/kernels";
import { type Classifier, createClassifier, type Prediction } from "../classifier.js";
import type { ModelSource } from "../read-model.js";
import { type PictureSource, readPicture } from "../read-picture.js";
import { closeCamera, nextFrame, openCamera } from "./camera.js";
import type { ClassifierEvents, ClassifierEventTarget } from "./events.js";
import { type ClassifierTexts, defaultTexts, textKeyOf } from "./texts.js";
import { View } from "./view.js";

declare global {
  interface HTMLElementTagNameMap {
    "tlx-classifier": TlxClassifierElement;
  }
}

/** Where there is no page the class is only loaded, never made. */
const Base: new () => ClassifierEventTarget & HTMLElement = globalThis.HTMLElement ?? (class {} as typeof HTMLElement);

const removed = (): DOMException => new DOMException("the element was removed from the document", "AbortError");
const replaced = (): DOMException => new DOMException("another picture or model took its place", "AbortError");

/**
 * Attributes   model, weights, sha256: as of `createClassifier`; src: address of a picture; top: how many classes, 3 without it;
 *              eager: loads at once, not only when it comes into view
 */
export class TlxClassifierElement extends Base {
  static readonly observedAttributes: readonly string[] = ["model", "weights", "sha256", "src"];

  /** Names of the classes of a published network. */
  declare labels: ModelSource["labels"];
  /** Of the last picture. */
  declare result: readonly Prediction[] | undefined;

  private view: View | undefined;
  private words: ClassifierTexts = defaultTexts;
  private files: ModelSource["files"];
  /** Does it load what its attributes say? Not before it came into view. */
  private begun = false;
  private observer: IntersectionObserver | undefined;
  private loading: Promise<Classifier> | undefined;
  private loadingEnd: AbortController | undefined;
  private currentEnd: AbortController | undefined;
  private stream: MediaStream | undefined;

  /** What the element says: those that are set replace the English ones. */
  get texts(): ClassifierTexts {
    return this.words;
  }

  set texts(texts: Partial<ClassifierTexts>) {
    this.words = { ...defaultTexts, ...texts };
    this.view?.translate(this.words);
  }

  /** Files of the model, in place of its address. */
  get modelFiles(): ModelSource["files"] {
    return this.files;
  }

  set modelFiles(files: ModelSource["files"]) {
    this.files = files;
    this.change();
  }

  connectedCallback(): void {
    this.takeEarlyProperty("texts");
    this.takeEarlyProperty("modelFiles");
    this.view ??= this.makeView();
    if (this.hasAttribute("eager")) {
      this.begin();
      return;
    }
    this.observer = new IntersectionObserver((entries) => {
      if (entries.some((entry) => entry.isIntersecting)) this.begin();
    });
    this.observer.observe(this);
  }

  disconnectedCallback(): void {
    this.observer?.disconnect();
    this.begun = false;
    this.stopCamera();
    this.currentEnd?.abort(removed());
    this.unload(removed());
  }

  attributeChangedCallback(name: string): void {
    if (name !== "src") this.change();
    else if (this.begun) this.showSource();
  }

  /** Loads the model, if it is not yet; only then the first prediction is quick. Throws as `createClassifier`. */
  load(): Promise<Classifier> {
    if (!this.loading) {
      const end = new AbortController();
      this.loadingEnd = end;
      this.loading = this.open(end.signal);
      this.loading.catch(() => {
        if (this.loadingEnd === end) this.loading = undefined; // the next use tries again
      });
    }
    return this.loading;
  }

  /**
   * Says what a picture shows, here and to the caller. A later call takes the place of an earlier one.
   * Throws as `createClassifier` and `Classifier.predict`; AbortError when it was replaced or the element removed.
   */
  classify(source: PictureSource): Promise<readonly Prediction[]> {
    this.stopCamera();
    return this.look(source, false);
  }

  /** A property that was set before the element was defined hides its accessor. */
  private takeEarlyProperty(name: "texts" | "modelFiles"): void {
    if (!Object.hasOwn(this, name)) return;
    const { [name]: value } = this;
    Reflect.deleteProperty(this, name);
    Object.assign(this, { [name]: value });
  }

  /** Takes another model. */
  private change(): void {
    this.unload(replaced());
    if (this.begun) this.begin();
  }

  private makeView(): View {
    const view = new View(this.attachShadow({ mode: "open" }), this.words);
    view.file.addEventListener("change", () => {
      const file = view.file.files?.[0];
      view.file.value = ""; // the same file may be chosen again
      if (file) this.classify(file).catch(() => {});
    });
    view.camera.addEventListener("click", () => {
      if (this.stream) this.stopCamera();
      else void this.startCamera();
    });
    const over = (event: DragEvent): void => {
      event.preventDefault();
      view.stage.classList.toggle("over", event.type === "dragover");
    };
    for (const type of ["dragover", "dragleave", "drop"] as const) this.addEventListener(type, over);
    this.addEventListener("drop", (event) => this.take(event.dataTransfer));
    this.addEventListener("paste", (event) => this.take(event.clipboardData));
    return view;
  }

  /** The first file of what was dropped or pasted. */
  private take(data: DataTransfer | null): void {
    const file = data?.files[0];
    if (file) this.classify(file).catch(() => {});
  }

  private begin(): void {
    this.observer?.disconnect();
    this.begun = true;
    if (this.files || this.hasAttribute("model")) this.load().catch(() => {});
    this.showSource();
  }

  private showSource(): void {
    const src = this.getAttribute("src");
    if (src !== null) this.classify(src).catch(() => {});
  }

  private async open(signal: AbortSignal): Promise<Classifier> {
    const view = this.view;
    view?.say("loading");
    view?.showProgress(undefined);
    try {
      const classifier = await createClassifier({
        model: this.files ? undefined : (this.getAttribute("model") ?? undefined),
        files: this.files,
        weights: this.getAttribute("weights") ?? undefined,
        sha256: this.getAttribute("sha256") ?? undefined,
        labels: this.labels,
        signal,
        onProgress: (received, total) => {
          if (signal.aborted) return;
          const done = received === total;
          view?.showProgress(total === undefined || done ? undefined : received / total);
          if (done) view?.say("preparing");
          this.emit("progress", { received, total });
        },
      });
      if (view?.isLoading) view.say("ready");
      this.emit("ready", { labels: classifier.labels });
      return classifier;
    } catch (error) {
      if (!signal.aborted) this.fail(error);
      throw error;
    } finally {
      if (!signal.aborted) view?.showProgress(null);
    }
  }

  private unload(reason: DOMException): void {
    this.loadingEnd?.abort(reason);
    this.loading?.then((classifier) => classifier.dispose()).catch(() => {});
    this.loading = undefined;
    this.view?.showProgress(null);
    this.view?.say(undefined);
    this.clear();
  }

  private async look(source: PictureSource, live: boolean): Promise<readonly Prediction[]> {
    this.currentEnd?.abort(replaced());
    const end = new AbortController();
    this.currentEnd = end;
    const { signal } = end;
    let modelFailed = false;
    try {
      const loading = this.load().catch((error) => {
        modelFailed = true;
        throw error;
      });
      loading.catch(() => {}); // where the picture fails first
      const picture = await readPicture(source, signal);
      signal.throwIfAborted();
      if (!live) await this.view?.showPicture(picture);
      const classifier = await loading;
      signal.throwIfAborted();
      if (!live) this.view?.say("looking");
      const predictions = await classifier.predict(picture, { top: this.top, signal });
      this.result = predictions;
      const language = this.closest("[lang]")?.getAttribute("lang") || undefined;
      this.view?.showResults(predictions, language);
      this.view?.say(undefined);
      if (live) this.view?.speak(predictions[0]?.label);
      this.emit("result", { predictions, live });
      return predictions;
    } catch (error) {
      // What stopped the model from loading was said by then.
      if (!signal.aborted && !modelFailed) this.fail(error);
      throw error;
    }
  }

  private get top(): number {
    const top = Number(this.getAttribute("top") ?? 3);
    return Number.isSafeInteger(top) && top > 0 ? top : 3;
  }

  private async startCamera(): Promise<void> {
    const view = this.view as View;
    view.camera.disabled = true;
    try {
      const stream = await openCamera();
      if (!this.isConnected) return closeCamera(stream);
      this.currentEnd?.abort(replaced());
      this.stream = stream;
      view.showCamera(stream);
      stream.getVideoTracks()[0]?.addEventListener("ended", () => {
        if (this.stream === stream) this.stopCamera();
      });
      await view.video.play();
      view.camera.disabled = false;
      while (this.stream === stream) {
        await nextFrame(view.video);
        if (this.stream === stream) await this.look(view.video, true);
      }
    } catch (error) {
      if (error instanceof TlxError && error.details.camera) this.fail(error);
      if (!(error instanceof DOMException && error.name === "AbortError")) this.stopCamera();
    } finally {
      view.camera.disabled = false;
    }
  }

  private stopCamera(): void {
    if (!this.stream) return;
    closeCamera(this.stream);
    this.stream = undefined;
    this.currentEnd?.abort(replaced());
    this.view?.showCamera(null);
    this.clear();
  }

  /** Results are of the picture that is shown. */
  private clear(): void {
    this.result = undefined;
    this.view?.showResults([], undefined);
  }

  private fail(error: unknown): void {
    const key = textKeyOf(error);
    this.view?.say(key, true);
    this.emit("error", { error, text: this.words[key] });
  }

  private emit<K extends keyof ClassifierEvents>(type: K, detail: ClassifierEvents[K]["detail"]): void {
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }
}
