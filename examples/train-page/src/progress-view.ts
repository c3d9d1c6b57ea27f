/** Where a training stands: a line of text, a bar, what was left out, and now and then a word to a screen reader. */
import { deviceName } from "@tlx/transfer";
import type { TrainingEvent } from "@tlx/web/train";
import { find, make, percent } from "./make.js";

/** Between two words to a screen reader, in milliseconds. */
const PAUSE = 10_000;

const megabytes = (bytes: number): string => (bytes / 1e6).toFixed(1);

const placeOf = ({ epoch, step }: { readonly epoch: number; readonly step: number }): string =>
  step > 0 ? `step ${step} of epoch ${epoch + 1}` : `epoch ${epoch}`;

export class ProgressView {
  private readonly frame = find("progress", HTMLDivElement);
  private readonly text = find("progress-text", HTMLParagraphElement);
  private readonly bar = find("progress-bar", HTMLProgressElement);
  private readonly saved = find("progress-saved", HTMLParagraphElement);
  private readonly notes = find("progress-notes", HTMLUListElement);
  private readonly spoken = find("spoken", HTMLParagraphElement);
  private spokenAt = 0;

  begin(text: string): void {
    this.frame.hidden = false;
    this.spoken.className = "spoken";
    this.saved.textContent = "";
    this.notes.replaceChildren();
    this.notes.hidden = true;
    this.speak(text);
    this.say(text);
  }

  /** What became of it, for all to see. */
  end(text: string): void {
    this.frame.hidden = true;
    this.speak(text);
    this.spoken.className = "status";
  }

  /** Of what was done before training: pictures that are kept. */
  keep(done: number, total: number): void {
    this.say(`Keeping the pictures in the browser: ${done} of ${total}`, done / total);
  }

  show(event: TrainingEvent): void {
    if (event.type === "weights") {
      const { received, total } = event;
      const all = total === undefined ? "" : ` of ${megabytes(total)}`;
      this.say(`Loading the network: ${megabytes(received)}${all} MB`, total && received / total);
    } else if (event.type === "features") {
      this.say(`Looking at the pictures: ${event.done} of ${event.total}`, event.done / event.total);
    } else if (event.type === "epoch") {
      const { epoch, epochs, valAccuracy } = event;
      const line = `Epoch ${epoch} of ${epochs}: ${percent(valAccuracy)} right on pictures it did not learn from`;
      if (performance.now() - this.spokenAt > PAUSE) this.speak(line);
      this.say(line, epoch / epochs);
    } else if (event.type === "saved") {
      this.saved.textContent = `Saved after ${placeOf(event)}: a page that is closed can go on from there.`;
    } else if (event.type === "resumed") {
      const isBegun = event.epoch > 0 || event.step > 0;
      this.note(isBegun ? `It goes on after ${placeOf(event)}.` : "Nothing was saved yet: it begins anew.");
    } else if (event.type === "other-gpu") this.note(`From here on it runs on ${deviceName(event.now)}.`);
    else if (event.type === "device-lost") this.note("The graphics processor was lost; another one is opened.");
    else if (event.type === "skipped") this.note(`${event.file} is left out: ${event.reason}`);
    else if (event.type === "warning") this.note(event.message);
  }

  /** Without a share the bar only moves. */
  private say(text: string, share?: number): void {
    this.text.textContent = text;
    if (share === undefined) this.bar.removeAttribute("value");
    else this.bar.value = share;
  }

  private speak(text: string): void {
    this.spokenAt = performance.now();
    this.spoken.textContent = text;
  }

  private note(text: string): void {
    this.notes.hidden = false;
    this.notes.append(make("li", {}, text));
  }
}
