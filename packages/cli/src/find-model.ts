import { TlxError } from "@tlx/kernels";
import { type Model, models } from "@tlx/transfer";
import { distance } from "fastest-levenshtein";

/** Without its size: "resnet-18" is a "resnet". */
const familyOf = (name: string): string => name.replace(/-[\d.]+$/, "");

/** The model of this name. Throws E_USAGE with the nearest one otherwise. */
export function findModelOrSuggest(name: string): Model {
  const names = models.map((m) => m.name);
  const model = models.find((m) => m.name === name);
  if (model) return model;
  const wanted = name.toLowerCase();
  const far = (of: string): number => Math.min(distance(wanted, of), distance(wanted, familyOf(of)));
  const nearest = names.reduce((a, b) => (far(b) < far(a) ? b : a));
  const guess = 2 * far(nearest) <= nearest.length ? `; did you mean "${nearest}"?` : ";";
  throw new TlxError(
    "E_USAGE",
    `unknown model "${name}"${guess} there are: ${names.join(", ")} (tlx models tells more)`,
  );
}
