import { TlxError } from "@tlx/kernels";
import { type Model, models } from "@tlx/transfer";
import { closest } from "fastest-levenshtein";

/** The model of this name. Throws E_USAGE with the nearest one otherwise. */
export function findModelOrSuggest(name: string): Model {
  const names = models.map((m) => m.name);
  const model = models.find((m) => m.name === name);
  if (model) return model;
  const nearest = closest(name.toLowerCase(), names);
  throw new TlxError(
    "E_USAGE",
    `unknown model "${name}"; did you mean "${nearest}"? There are: ${names.join(", ")} (tlx models tells more)`,
  );
}
