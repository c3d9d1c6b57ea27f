/** Step 2: what learns and how; Train and Stop. */
import type { TrainSettings } from "@tlx/transfer";
import { find } from "./make.js";

export class SettingsStep {
  private readonly title = find("settings-title", HTMLHeadingElement);
  private readonly fields = find("settings-fields", HTMLFieldSetElement);
  private readonly train = find("train", HTMLButtonElement);
  private readonly stop = find("stop", HTMLButtonElement);
  private readonly hint = find("train-hint", HTMLParagraphElement);

  constructor(onTrain: () => void, onStop: () => void) {
    find("settings-form", HTMLFormElement).addEventListener("submit", (event) => {
      event.preventDefault();
      onTrain();
    });
    this.stop.addEventListener("click", () => {
      this.stop.textContent = "Stopping…";
      onStop();
    });
  }

  read(): Partial<TrainSettings> {
    const choice = (id: string): string => find(id, HTMLSelectElement).value;
    return {
      unfreeze: choice("unfreeze"),
      epochs: find("epochs", HTMLInputElement).valueAsNumber,
      learningRate: Number(choice("learning-rate")),
      augment: choice("augment") as TrainSettings["augment"],
    };
  }

  /** With a reason training cannot begin. */
  allow(reason: string | undefined): void {
    this.train.disabled = reason !== undefined;
    this.hint.textContent = reason ?? "";
  }

  /** The focus goes along: what had it may be hidden or disabled now. */
  showBusy(busy: boolean): void {
    const hadFocus = document.activeElement === this.stop;
    this.fields.disabled = busy;
    this.train.hidden = busy;
    this.stop.hidden = !busy;
    this.stop.textContent = "Stop";
    if (busy) this.stop.focus();
    else if (hadFocus) (this.train.disabled ? this.title : this.train).focus();
  }
}
