/** Whether a run that was saved and the one that would go on with it are the same. */
import { TlxError } from "@tlx/kernels";

type Json = Readonly<Record<string, unknown>>;

const isObject = (value: unknown): value is Json =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** Entries of nested objects as "settings.epochs" -> "30", values in JSON. */
function flatten(value: unknown, path: string): [string, string][] {
  if (value === undefined) return [];
  if (!isObject(value)) return [[path, JSON.stringify(value)]];
  return Object.entries(value).flatMap(([key, inner]) => flatten(inner, path === "" ? key : `${path}.${key}`));
}

const isHash = (text: string | undefined): boolean => /^"[0-9a-f]{64}"$/.test(text ?? "");

const describe = (name: string, before: string | undefined, now: string | undefined): string =>
  isHash(before) && isHash(now)
    ? `${name}: its content changed (SHA-256 was ${before!.slice(1, 13)}..., is ${now!.slice(1, 13)}...)`
    : `${name}: expected ${shorten(before)}, found ${shorten(now)}`;

const shorten = (text = "nothing"): string => (text.length > 100 ? `${text.slice(0, 97)}...` : text);

/**
 * Compares JSON values: `expected` as the run was begun, `found` as it would go on.
 * Throws E_USAGE with every difference, and with what `advise` says of their names.
 */
export function compareIdentity(
  expected: Json,
  found: Json,
  advise: (names: readonly string[]) => string = () => "",
): void {
  const [before, now] = [new Map(flatten(expected, "")), new Map(flatten(found, ""))];
  const names = [...new Set([...before.keys(), ...now.keys()])].filter((name) => before.get(name) !== now.get(name));
  if (names.length === 0) return;
  const lines = names.map((name) => describe(name, before.get(name), now.get(name)));
  throw new TlxError(
    "E_USAGE",
    `resume: expected the run as it was begun, found ${names.length === 1 ? "a difference" : `${names.length} differences`}; bring back what it was begun with, or train into another folder\n  ${lines.join("\n  ")}${advise(names)}`,
    { differences: names },
  );
}
