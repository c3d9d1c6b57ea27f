import { TlxError } from "@tlx/kernels";
import { type Model, models } from "@tlx/transfer";
import { closest, distance } from "fastest-levenshtein";

/** The model of this name. Throws E_USAGE with the nearest one otherwise. */
export function findModelOrSuggest(name: string): Model {
  const names = models.map((m) => m.name);
  const model = models.find((m) => m.name === name);
  if (model) return model;
  const wanted = name.toLowerCase();
  const nearest = closest(wanted, names);
  const guess = 2 * distance(wanted, nearest) <= nearest.length ? `; did you mean "${nearest}"?` : ";";
  throw new TlxError(
    "E_USAGE",
    `unknown model "${name}"${guess} there are: ${names.join(", ")} (tlx models tells more)`,
  );
}
