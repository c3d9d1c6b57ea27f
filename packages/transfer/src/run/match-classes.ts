import { check } from "@tlx/kernels";
import type { Sample } from "../data/dataset.js";
import { quoteName } from "../data/quote-name.js";

/** Samples of named classes; they need not be all classes of the model, nor in its order. */
export interface LabelledSamples {
  readonly classes: readonly string[];
  readonly samples: readonly Sample[];
}

/** The samples with labels that count in `classes`, those of a model. Throws E_DATA for a class that it does not know. */
export function matchClasses(data: LabelledSamples, classes: readonly string[], what: string): Sample[] {
  const matched = data.samples.map(({ file, label }) => ({
    file,
    label: classes.indexOf(data.classes[label] as string),
  }));
  const stranger = matched.findIndex(({ label }) => label === -1);
  check(
    stranger === -1,
    "E_DATA",
    () =>
      `${what}: expected the classes ${classes.map(quoteName).join(", ")}, found ${quoteName(data.classes[data.samples[stranger]!.label] ?? "none")}; give a folder with classes of the model`,
  );
  return matched;
}
